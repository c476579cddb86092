"""The harness of the matrix: what it selects, what it starts, what it counts as failed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import combinations as pick
from pathlib import Path
from xml.etree import ElementTree

import pytest
import refresh
from matrix.__main__ import arguments, main, selection, verdict
from matrix.combinations import (
    KIT,
    OPTIONS,
    SEEDS,
    Combination,
    UnknownName,
    by_names,
    covering,
    every_combination,
    matches,
)
from matrix.environments import key_of
from matrix.services import KINDS, Servers
from matrix.suites import NOT_IMPORTED, Result, needed

IN_PROCESS = SEEDS[0]


# --- what is selected ---------------------------------------------------------------------------


def test_there_are_108_combinations_with_names_of_their_own() -> None:
    assert len({combination.name for combination in every_combination()}) == 108


@pytest.mark.parametrize("strength", [1, 2, 3])
def test_covering_subset_has_each_group_of_choices(strength: int) -> None:
    def groups(combinations: list[Combination]) -> set[object]:
        return {
            group
            for combination in combinations
            for group in pick(combination.answers.items(), strength)
        }

    subset = covering(strength)
    assert set(SEEDS) <= set(subset)
    assert len(subset) == len(set(subset)) < 40
    assert groups(subset) == groups(every_combination())


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("database=mysql", 36),
        ("database=mysql and versioning=header", 18),
        ("database!=mysql", 72),
        ("not database=mysql", 72),
        ("cache_backend=redis or limiter_backend=redis", 60),
        ("(database=sqlite or database=mysql) and api_flavor == restx", 36),
    ],
)
def test_expression_selects(expression: str, count: int) -> None:
    assert sum(matches(expression, combination) for combination in every_combination()) == count


@pytest.mark.parametrize(
    "expression",
    [
        "databse=mysql",
        "database=oracle",
        "database=sqlite or versioning=path",
        "mysql",
        "database=",
        "__import__('os')=1",
    ],
)
def test_expression_with_an_unknown_name_is_refused(expression: str) -> None:
    with pytest.raises(UnknownName):
        matches(expression, IN_PROCESS)


def test_unknown_combination_option_or_choice_is_refused() -> None:
    with pytest.raises(UnknownName, match="no combination 'sqlite'"):
        by_names(["sqlite"])
    with pytest.raises(UnknownName, match="database has no choice 'oracle'"):
        Combination.of({**IN_PROCESS.answers, "database": "oracle"})
    with pytest.raises(UnknownName, match="licence is unknown"):
        Combination.of({**IN_PROCESS.answers, "licence": "mit"})
    assert Combination.of(IN_PROCESS.answers) == IN_PROCESS


def test_unknown_name_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-k", "databse=mysql"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_last_failed_selects_what_the_report_names(tmp_path: Path) -> None:
    entries = [
        {"name": IN_PROCESS.name, "outcome": "passed"},
        {"name": SEEDS[1].name, "outcome": "failed"},
    ]
    (tmp_path / "report.json").write_text(json.dumps({"combinations": entries}))
    assert selection(arguments(["--last-failed", "--report", str(tmp_path)])) == [SEEDS[1]]


# --- what counts as passed ----------------------------------------------------------------------


def test_combination_that_is_silently_dropped_fails_the_run() -> None:
    results = [Result(combination, "passed") for combination in SEEDS[1:]]
    assert verdict(SEEDS, results, strict=False) == ["6 combinations expected, 5 accounted for"]


def test_combination_that_ran_twice_fails_the_run() -> None:
    results = [Result(combination, "passed") for combination in [*SEEDS[1:], SEEDS[1]]]
    assert verdict(SEEDS, results, strict=False) != []


def test_skipped_combination_fails_only_a_run_that_requires_every_server() -> None:
    results = [Result(SEEDS[0], "passed"), Result(SEEDS[1], "skipped")]
    assert verdict(SEEDS[:2], results, strict=False) == []
    assert verdict(SEEDS[:2], results, strict=True) != []


def test_run_of_nothing_fails() -> None:
    assert verdict([SEEDS[0]], [Result(SEEDS[0], "skipped")], strict=False) == ["nothing ran"]


# --- a stand-in for the template, so that a run takes a second ----------------------------------


def stand_in(folder: Path, suite: str) -> Path:
    """Write a template whose project has `suite` as its only test file and pins pytest alone."""
    template = folder / "{{cookiecutter.project_slug}}"
    (template / "tests").mkdir(parents=True)
    shutil.copy(KIT / "cookiecutter.json", folder)
    (template / "tests" / "test_it.py").write_text(suite)
    packages = refresh.read_lock(refresh.LOCK.read_text("utf-8"))
    wanted = {"pytest"}
    while more := {n for n, p in packages.items() if p.parents & wanted} - wanted:
        wanted |= more
    pins = [line for name in sorted(wanted) for line in packages[name].lines]
    (template / "requirements.txt").write_text("")
    (template / "requirements-dev.txt").write_text("\n".join(["-r requirements.txt", *pins, ""]))
    return folder


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder that a server's own account can reach, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="kit-test-") as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "tmp").mkdir()
        yield Path(folder)


def matrix(scratch: Path, template: Path, *words: str) -> subprocess.Popen[str]:
    """Start the harness with temporary files and reports below `scratch`."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("KIT_")}
    env |= {"TMPDIR": str(scratch / "tmp"), "KIT_CACHE": str(scratch / "cache")}
    options = ["--template", str(template), "--report", str(scratch / "report")]
    return subprocess.Popen(
        [sys.executable, "-m", "matrix", *options, *words],
        cwd=KIT / "tests",
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(
    ("suite", "status", "said"),
    [
        ("def test_it(): assert True\n", 0, "1 passed, 0 failed, 0 skipped"),
        ("def test_it(): assert False\n", 1, "1 of 1 tests failed"),
        ("", 1, "pytest ended with status 5"),
        ("import pytest\npytestmark = pytest.mark.skip('no')\ndef test_it(): 1/0\n", 1, "skipped"),
        ("import nowhere\n", 1, "1 of 1 tests failed"),
        ("import os\ndef test_it(): os._exit(0)\n", 1, "no test ran"),
    ],
)
def test_suite_is_judged(suite: str, status: int, said: str, scratch: Path) -> None:
    template = stand_in(scratch / "kit", suite)
    run = matrix(scratch, template, IN_PROCESS.name)
    output, _ = run.communicate()
    assert run.returncode == status, output
    assert said in output
    assert list((scratch / "tmp").iterdir()) == []
    outcome = "failed" if status else "passed"
    (entry,) = json.loads((scratch / "report" / "report.json").read_text())["combinations"]
    assert (entry["name"], entry["outcome"]) == (IN_PROCESS.name, outcome)
    junit = ElementTree.parse(scratch / "report" / "junit.xml").getroot()
    assert (junit.get("tests"), junit.get("failures")) == ("1", str(status))
    summary = (scratch / "report" / "summary.md").read_text()
    assert f"1 combinations: {1 - status} passed, {status} failed" in summary
    if status:
        assert f"tox run -e matrix -- --keep {IN_PROCESS.name}" in output


def test_kept_render_stays(scratch: Path) -> None:
    template = stand_in(scratch / "kit", "def test_it(): assert True\n")
    output, _ = matrix(scratch, template, "--keep", IN_PROCESS.name).communicate()
    (folder,) = (scratch / "tmp").iterdir()
    assert f"The renders are in {folder}" in output
    assert (folder / IN_PROCESS.name / "project" / "tests" / "test_it.py").exists()


ALL_FOUR = "postgresql-restx-redis-memcached-url"
MYSQL = "mysql-restx-redis-memcached-url"
SUITE_OF_SERVERS = """
import os, re, socket

def test_every_server_answers():
    for name in ("TEST_DATABASE_URL", "CACHE_REDIS_URL", "RATELIMIT_STORAGE_URI"):
        host, port = re.search(r"([\\w.]+):(\\d+)(/|$)", os.environ[name]).group(1, 2)
        socket.create_connection((host, int(port)), 1).close()
        assert port not in ("5432", "3306", "6379", "11211")
"""


@pytest.fixture(scope="module")
def installed() -> None:
    """Skip where a server's program is missing; `.ci/run` installs them all."""
    with Servers(KINDS) as servers:
        if servers.missing and not os.environ.get("KIT_REQUIRE_SERVICES"):
            pytest.skip("; ".join(servers.missing.values()))
        assert servers.missing == {}


@pytest.mark.usefixtures("installed")
def test_private_servers_are_started_and_ended(scratch: Path) -> None:
    template = stand_in(scratch / "kit", SUITE_OF_SERVERS)
    run = matrix(scratch, template, ALL_FOUR, MYSQL)
    output, _ = run.communicate()
    assert run.returncode == 0, output
    assert list((scratch / "tmp").iterdir()) == []
    assert processes_of(scratch) == []


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_nothing(number: signal.Signals, scratch: Path) -> None:
    mark = scratch / "suite-runs"
    suite = f"""
import pathlib, time

def test_it():
    pathlib.Path({str(mark)!r}).touch()
    time.sleep(60)
"""
    run = matrix(scratch, stand_in(scratch / "kit", suite), ALL_FOUR, MYSQL)
    deadline = time.monotonic() + 60
    while not mark.exists() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(scratch) != []
    run.send_signal(number)
    output, _ = run.communicate(timeout=30)
    assert run.returncode == 130, output
    assert list((scratch / "tmp").iterdir()) == []
    assert processes_of(scratch) == []


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of the processes that name `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


# --- servers ------------------------------------------------------------------------------------


def test_server_that_ended_is_named_as_the_reason(scratch: Path) -> None:
    suite = """
import os, signal, time
from pathlib import Path

def test_it():
    told = Path(os.environ["TMPDIR"], "pid")
    while not told.exists():
        time.sleep(0.01)
    pid = told.read_text()
    os.kill(int(pid), signal.SIGKILL)
    while Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    assert False
"""
    template = stand_in(scratch / "kit", suite)
    run = matrix(scratch, template, "sqlite-restx-redis-memory-url")
    deadline = time.monotonic() + 60
    pid = ""
    while not pid and time.monotonic() < deadline:
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            if entry.parent.exists() and f"{scratch}/tmp/kit-servers".encode() in _bytes(entry):
                pid = entry.parent.name
    (scratch / "tmp" / "unread").write_text(pid)
    (scratch / "tmp" / "unread").rename(scratch / "tmp" / "pid")
    output, _ = run.communicate()
    assert run.returncode == 1, output
    assert "the redis server ended" in output


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_missing_server_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("matrix.services.program", _nothing_installed)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    for kind in KINDS.values():
        monkeypatch.delenv(kind.variable, raising=False)
    with Servers(KINDS) as servers:
        assert servers.running == {}
        for name, kind in KINDS.items():
            assert f"install the package {kind.package}" in servers.missing[name]
            assert f"set {kind.variable}" in servers.missing[name]


def _nothing_installed(*names: str, folders: object = ()) -> str:
    from matrix.services import Unavailable

    raise Unavailable(f"{names[0]} is not installed")


def test_server_that_is_given_is_used_and_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_REDIS_URL", "redis://redis.example:1234/5")
    with Servers(["redis"]) as servers:
        assert servers.running["redis"].url == "redis://redis.example:1234/5"
        assert servers.running["redis"].process is None


def test_needed_servers_are_those_of_the_choices() -> None:
    assert needed(Combination.of({**IN_PROCESS.answers})) == []
    assert needed(by_names(["mysql-restx-redis-memcached-url"])[0]) == [
        "mysql",
        "redis",
        "memcached",
    ]


# --- environments -------------------------------------------------------------------------------


def test_projects_with_the_same_pins_share_an_environment(
    renders: dict[Combination, Path],
) -> None:
    keys = {key_of(project) for project in renders.values()}
    assert len(keys) == 24
    for combination, project in renders.items():
        other = "header" if combination["versioning"] == "url" else "url"
        twin = Combination.of({**combination.answers, "versioning": other})
        assert key_of(project) == key_of(renders[twin])


def test_packages_that_deptry_may_find_unused_are_declared() -> None:
    declared = "\n".join(path.read_text() for path in refresh.DEPS.glob("*.in"))
    for name in NOT_IMPORTED:
        assert f"\n{name}" in f"\n{declared}"
    assert set(OPTIONS) == set(IN_PROCESS.answers)
