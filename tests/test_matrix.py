"""The harness of the matrix: what it selects, what it starts, what it counts as failed."""

from __future__ import annotations

import compileall
import fcntl
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import combinations as pick
from math import prod
from pathlib import Path
from xml.etree import ElementTree

import pytest
import refresh
from matrix import processes
from matrix.__main__ import arguments, main, selection, verdict
from matrix.combinations import (
    CHOICES,
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
from matrix.environments import CACHE, difference, environment, key_of, share_compiled
from matrix.rendering import render
from matrix.report import TAGS, Report, as_junit, as_markdown, last_outcomes, write_reports
from matrix.services import (
    DATABASE,
    KINDS,
    Server,
    Servers,
    Unavailable,
    free_port,
    last_words,
    serves,
)
from matrix.suites import (
    UNIMPORTED,
    Job,
    Plan,
    Result,
    Worker,
    check_types,
    judge,
    keep_compiled,
    needed,
    sources,
)

DEFAULT = Combination.of()


# --- what is selected ---------------------------------------------------------------------------


def test_every_combination_has_a_name_of_its_own() -> None:
    names = {combination.name for combination in every_combination()}
    assert len(names) == prod(map(len, OPTIONS.values()))


@pytest.mark.parametrize("strength", [1, 2, 3])
def test_covering_subset_has_each_group_of_choices(strength: int) -> None:
    def groups(combinations: list[Combination]) -> set[object]:
        return {
            group
            for combination in combinations
            for group in pick(combination.answers.items(), strength)
        }

    subset = covering(strength)
    # No subset is smaller than the groups of the options with the most choices.
    fewest = prod(sorted(map(len, OPTIONS.values()))[-strength:])
    assert fewest <= len(subset) == len(set(subset)) <= 1.2 * fewest
    assert groups(subset) == groups(every_combination())


@pytest.mark.parametrize(
    ("expression", "selects"),
    [
        ("database=mysql", lambda c: c["database"] == "mysql"),
        (
            "database=mysql and versioning=header",
            lambda c: c["database"] == "mysql" and c["versioning"] == "header",
        ),
        ("database!=mysql", lambda c: c["database"] != "mysql"),
        ("not database=mysql", lambda c: c["database"] != "mysql"),
        (
            "cache_backend=redis or limiter_backend=redis",
            lambda c: "redis" in (c["cache_backend"], c["limiter_backend"]),
        ),
        (
            "(database=sqlite or database=mysql) and api_flavor == restx",
            lambda c: c["database"] in ("sqlite", "mysql") and c["api_flavor"] == "restx",
        ),
    ],
)
def test_expression_selects(expression: str, selects: Callable[[Combination], bool]) -> None:
    for combination in every_combination():
        assert matches(expression, combination) is selects(combination)


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
        matches(expression, DEFAULT)


def test_unknown_combination_option_or_choice_is_refused() -> None:
    with pytest.raises(UnknownName, match="no combination 'sqlite'"):
        by_names(["sqlite"])
    with pytest.raises(UnknownName, match="database has no choice 'oracle'"):
        Combination.of(database="oracle")
    with pytest.raises(UnknownName, match="no option 'licence'"):
        Combination.of(licence="mit")


def test_prompt_without_an_answer_takes_its_default() -> None:
    defaults = {option: choices[0] for option, choices in OPTIONS.items()}
    assert Combination.of().answers == defaults
    assert Combination.of(database="mysql").answers == {**defaults, "database": "mysql"}


def test_unknown_name_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-k", "databse=mysql"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_reason_is_text_in_every_report() -> None:
    result = Result(DEFAULT, "failed", reason="\x1b[31merror\x1b[0m: <b>\x00\n# no `package`")
    report = Report([DEFAULT], [result], ["1 failed"], 1.0)
    junit = ElementTree.fromstring(ElementTree.tostring(as_junit(report)))
    (failure,) = junit.iter("failure")
    assert failure.get("message") == "error: <b>\n# no `package`"
    assert "\n\n      error: <b>\n      # no `package`\n\n" in as_markdown(report)


def test_combination_that_is_named_twice_runs_once() -> None:
    assert by_names([SEEDS[1].name, SEEDS[0].name, SEEDS[1].name]) == [SEEDS[1], SEEDS[0]]


def test_last_failed_selects_what_failed_when_it_last_ran(tmp_path: Path) -> None:
    def ran(**outcomes: str) -> None:
        results = [Result(SEEDS[int(name[1:])], outcome) for name, outcome in outcomes.items()]
        expected = [result.combination for result in results]
        write_reports(Report(expected, results, [], 1.0), tmp_path)

    ran(_0="failed", _1="failed", _2="failed", _3="passed")
    ran(_0="passed", _2="skipped")
    assert selection(arguments(["--last-failed", "--report", str(tmp_path)])) == SEEDS[1:3]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workers", "0"], "argument --workers: invalid choice: 0"),
        (["--workers", "many"], "argument --workers: invalid int value: 'many'"),
        (["--covering", "4"], "argument --covering: invalid choice: 4"),
        (["--keep-all"], "unrecognized arguments: --keep-all"),
        (["--report", "{folder}/file"], "no report can be written: "),
        (["--report", "{folder}/file/below"], "no report can be written: "),
        (["--report", "{folder}"], "outcomes.json can't be read: "),
        (["--report", "{folder}", "--last-failed"], "outcomes.json can't be read: "),
        (["--report", "{folder}/list"], "outcomes.json holds no outcomes"),
        (["--report", "{folder}/new", "--last-failed"], "nothing ran before"),
    ],
)
def test_misuse_is_one_line_and_status_2_before_anything_starts(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("matrix.__main__.execute", None)
    (tmp_path / "file").touch()
    (tmp_path / "outcomes.json").write_text('{"sqlite-')
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "outcomes.json").write_text("[]")
    assert main([word.format(folder=tmp_path) for word in words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error


# --- what counts as passed ----------------------------------------------------------------------


def test_skipped_combination_fails_only_a_run_that_requires_every_server() -> None:
    results = [Result(SEEDS[0], "passed"), Result(SEEDS[1], "skipped")]
    assert verdict(SEEDS[:2], results, strict=False) == []
    assert verdict(SEEDS[:2], results, strict=True) != []


def test_run_of_nothing_fails() -> None:
    assert verdict([SEEDS[0]], [Result(SEEDS[0], "skipped")], strict=False) == ["nothing ran"]


# --- a stand-in for the template, so that a run takes a second ----------------------------------


def stand_in(folder: Path, suite: str, package: str = "pytest") -> Path:
    """Write a template whose project has `suite` as its only test file and pins one package."""
    template = folder / "{{cookiecutter.project_slug}}"
    (template / "tests").mkdir(parents=True)
    shutil.copy(KIT / "cookiecutter.json", folder)
    (template / "tests" / "test_it.py").write_text(suite)
    packages = refresh.read_lock(refresh.LOCK.read_text("utf-8"))
    wanted = {package}
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
        for pid in processes_of(Path(folder)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def matrix(scratch: Path, template: Path, *words: str, **environ: str) -> subprocess.Popen[str]:
    """Start the harness with temporary files and reports below `scratch`."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("KIT_")}
    env |= {"TMPDIR": str(scratch / "tmp"), "KIT_CACHE": str(scratch / "cache"), **environ}
    options = ["--template", str(template), "--report", str(scratch / "report")]
    return subprocess.Popen(
        [sys.executable, "-m", "matrix", *options, *words],
        cwd=KIT / "tests",
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


MANY_FAILURES = """
import pytest

@pytest.mark.parametrize("number", range(100))
def test_it(number): assert False
"""


@pytest.mark.parametrize(
    ("suite", "status", "said"),
    [
        ("def test_it(tmp_path): assert tmp_path\n", 0, "1 passed, 0 failed, 0 skipped"),
        ("def test_it(): assert False\n", 1, "1 of 1 tests failed"),
        ("", 1, "pytest ended with status 5"),
        ("import pytest\npytestmark = pytest.mark.skip('no')\ndef test_it(): 1/0\n", 1, "skipped"),
        ("import nowhere\n", 1, "1 of 1 tests failed"),
        (MANY_FAILURES, 1, "20 tests failed, and the rest did not run"),
        ("import os\ndef test_it(): os._exit(0)\n", 1, "no test ran"),
        ("import os\ndef test_it(): os.kill(os.getpid(), 9)\n", 1, "was ended by SIGKILL"),
    ],
)
def test_suite_is_judged(suite: str, status: int, said: str, scratch: Path) -> None:
    template = stand_in(scratch / "kit", suite)
    run = matrix(scratch, template, DEFAULT.name)
    output, _ = run.communicate()
    assert run.returncode == status, output
    assert said in output
    assert list((scratch / "tmp").iterdir()) == []
    outcome = "failed" if status else "passed"
    (entry,) = json.loads((scratch / "report" / "report.json").read_text())["combinations"]
    assert (entry["name"], entry["outcome"]) == (DEFAULT.name, outcome)
    junit = ElementTree.parse(scratch / "report" / "junit.xml").getroot()
    assert (junit.get("tests"), junit.get("failures")) == ("1", str(status))
    summary = (scratch / "report" / "summary.md").read_text()
    assert f"1 expected, 1 run, {1 - status} passed, {status} failed" in summary
    if status:
        assert f"tox run -e matrix -- --keep {DEFAULT.name}" in output


def test_what_takes_too_long_is_named_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matrix.processes.COMMAND_SECONDS", 2)
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\necho so far; sleep 60\n")
    slow.chmod(0o755)
    result = Result(DEFAULT, "passed")
    job = Job(Servers([]), tmp_path, frozenset(), keep=False)
    check_types(result, tmp_path, slow, job, tmp_path)
    assert result.reason == "mypy took longer than 2 seconds"
    assert result.output == "so far\n"
    judge(result, processes.run([str(slow)], tmp_path, {**os.environ}), tmp_path / "none")
    assert result.reason == "the suite took longer than 2 seconds"


@pytest.fixture
def words(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command line of a run in this process whose two suites pass."""
    monkeypatch.setattr("matrix.environments.CACHE", scratch / "cache")
    template = stand_in(scratch / "kit", "def test_it(): assert True\n")
    options = ["--template", str(template), "--report", str(scratch / "report"), "--no-deep"]
    return [SEEDS[0].name, SEEDS[1].name, *options]


def reported(scratch: Path) -> dict[str, str]:
    """Return the outcome of each combination in the reports, which say the same of each."""
    report = scratch / "report"
    entries = json.loads((report / "report.json").read_text())["combinations"]
    junit = ElementTree.parse(report / "junit.xml").getroot()
    summary = (report / "summary.md").read_text()
    for entry, case in zip(entries, junit.iter("testcase"), strict=True):
        name, outcome = entry["name"], entry["outcome"]
        assert case.get("name") == name
        assert [part.tag for part in case] == [TAGS[o] for o in [outcome] if o in TAGS]
        assert outcome == "passed" or f"- **{name}** {outcome}:\n" in summary
    return {entry["name"]: entry["outcome"] for entry in entries}


@pytest.mark.parametrize("instead", [None, SEEDS[0]])
def test_combination_that_gets_lost_on_the_way_fails_the_run(
    instead: Combination | None,
    words: list[str],
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    take = Plan.next

    def lose_one(plan: Plan, worker: Worker) -> Combination | None:
        taken = take(plan, worker)
        return instead or take(plan, worker) if taken == SEEDS[1] else taken

    monkeypatch.setattr(Plan, "next", lose_one)
    assert main(words) == 1
    printed = capsys.readouterr()
    ran = 2 if instead else 1
    assert f"2 expected, {ran} run, {ran} passed, 0 failed, 0 skipped" in printed.out
    assert re.search(rf"(?m)^all +2 +{ran} +0 +0 ", printed.out)
    wrong = f"{ran} of 2 combinations are not accounted for"
    assert wrong in printed.err
    for name in ("report.json", "junit.xml", "summary.md"):
        assert wrong in (scratch / "report" / name).read_text()
    assert reported(scratch)[SEEDS[1].name] == "lost"


def test_run_that_ends_by_an_exception_reports_what_is_known(
    words: list[str], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Plan.next

    def fail_at_second(plan: Plan, worker: Worker) -> Combination | None:
        if (taken := take(plan, worker)) == SEEDS[1]:
            raise OSError("no room")
        return taken

    monkeypatch.setattr(Plan, "next", fail_at_second)
    with pytest.raises(OSError, match="no room"):
        main(words)
    assert reported(scratch) == {SEEDS[0].name: "passed", SEEDS[1].name: "lost"}
    assert "the run was ended by OSError" in (scratch / "report" / "summary.md").read_text()


def test_kept_render_stays(scratch: Path) -> None:
    template = stand_in(scratch / "kit", "def test_it(): assert True\n")
    output, _ = matrix(scratch, template, "--keep", DEFAULT.name).communicate()
    (folder,) = (scratch / "tmp").iterdir()
    assert f"The renders are in {folder}" in output
    assert (folder / DEFAULT.name / "tests" / "test_it.py").exists()


SUITE_OF_ITS_OWN = """
import os, sys
from pathlib import Path

import app

def test_nothing_of_another_suite_is_here():
    assert Path.cwd() == Path(__file__).parent.parent == Path(sys.path[0])
    assert "LEFT_BEHIND" not in os.environ
    os.environ["LEFT_BEHIND"] = "yes"
    app.runs += 1
    assert app.runs == 1
"""


def test_suites_that_share_an_environment_share_nothing_else(scratch: Path) -> None:
    template = stand_in(scratch / "kit", SUITE_OF_ITS_OWN)
    project = template / "{{cookiecutter.project_slug}}"
    (project / "app.py").write_text("runs = 0\n")
    (project / "tests" / "__init__.py").write_text("")
    # The second one and those that follow are forked where pytest is imported already.
    words = ("-k", "database=sqlite and cache_backend=simple and limiter_backend=memory")
    run = matrix(scratch, template, *words, "--workers", "1", "--no-deep")
    output, _ = run.communicate()
    assert run.returncode == 0, output
    assert "4 passed, 0 failed, 0 skipped" in output


def test_suite_that_kills_the_process_that_forked_it_fails_alone(scratch: Path) -> None:
    mark = scratch / "killed"
    suite = f"""
import os, pathlib, time

def test_it():
    if not pathlib.Path({str(mark)!r}).exists():
        pathlib.Path({str(mark)!r}).touch()
        os.kill(os.getppid(), 9)
        time.sleep(60)
"""
    template = stand_in(scratch / "kit", suite)
    names = [combination.name for combination in SEEDS[:3]]
    output, _ = matrix(scratch, template, "--no-deep", "--workers", "1", *names).communicate()
    assert "3 expected, 3 run, 2 passed, 1 failed" in output
    assert "the process that forks suites was ended by SIGKILL" in output


@pytest.mark.parametrize("step", ["_test", "_explain", "_keep"])
def test_step_that_raises_fails_its_combination(
    step: str, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(Worker, "_test", lambda _, result: result.fail("found"))
    monkeypatch.setattr(Worker, step, fail)
    worker = Worker(Job(Servers([]), scratch, frozenset(), keep=False))
    result = worker.run(DEFAULT)
    assert result.outcome == "failed"
    assert result.reason == ("" if step == "_test" else "found; ") + "OSError: no room"


def test_file_that_is_the_same_again_is_compiled_once(tmp_path: Path) -> None:
    previous, project = tmp_path / "previous", tmp_path / "project"
    for folder, changed in ((previous, "x = 1\n"), (project, "x = 2\n")):
        (folder / "app").mkdir(parents=True)
        (folder / "app" / "same.py").write_text("x = 1\n")
        (folder / "app" / "changed.py").write_text(changed)
    keep_compiled(tmp_path / "nothing", previous)
    compileall.compile_dir(previous, quiet=1)
    keep_compiled(previous, project)

    def is_current(name: str) -> bool:
        source = project / "app" / name
        compiled = Path(importlib.util.cache_from_source(str(source)))
        times = int.from_bytes(compiled.read_bytes()[8:12], "little"), int(source.stat().st_mtime)
        return times[0] == times[1]

    assert is_current("same.py")
    assert not is_current("changed.py")


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
    assert_nothing_left(scratch)


@pytest.mark.usefixtures("installed")
def test_two_runs_at_once_leave_each_other_alone(scratch: Path) -> None:
    template = stand_in(scratch / "kit", SUITE_OF_SERVERS)
    # Both need the same environment, which is not there yet, and have one folder for reports.
    runs = [matrix(scratch, template, name) for name in (ALL_FOUR, MYSQL)]
    outputs = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], "\n".join(outputs)
    assert len(list((scratch / "cache" / "environments").glob("*/complete"))) == 1
    assert list(reported(scratch).values()) == ["passed"]
    assert last_outcomes(scratch / "report") == {ALL_FOUR: "passed", MYSQL: "passed"}
    assert list((scratch / "tmp").iterdir()) == []


def databases(python: Path, server: Server) -> set[str]:
    """Return the names of the databases on a PostgreSQL server."""
    program = (
        "import sys, psycopg\n"
        "with psycopg.connect(sys.argv[1]) as link:\n"
        "    print(*(name for name, in link.execute('SELECT datname FROM pg_database')))"
    )
    url = server.url.replace("+psycopg", "").replace(DATABASE, "postgres")
    done = subprocess.run([python, "-c", program, url], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def wait_until(seen: Callable[[], bool], run: subprocess.Popen[str]) -> None:
    """Wait for what the run will do, or fail when it ends before."""
    deadline = time.monotonic() + 120
    while not seen():
        assert run.poll() is None, run.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def interrupted(run: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> str:
    """Interrupt a run and return what it printed; it has to end within seconds."""
    run.send_signal(number)
    output, _ = run.communicate(timeout=20)
    assert run.returncode == 130, output
    return output


def processes_of(folder: Path) -> dict[int, str]:
    """Return the names of the processes with their work or temporary files below `folder`."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # Redis writes its title over its environment.
            inside = str((process / "cwd").readlink()).startswith(str(folder))
            if inside or f"TMPDIR={folder}".encode() in (process / "environ").read_bytes():
                found[int(process.name)] = (process / "comm").read_text().strip()
    return found


def started_by(run: subprocess.Popen[str], folder: Path) -> set[str]:
    """Return the names of the processes that a run below `folder` has started."""
    return {name for pid, name in processes_of(folder).items() if pid != run.pid}


def assert_nothing_left(folder: Path) -> None:
    """Check that there is no process and no file of the runs below `folder`."""
    assert list((folder / "tmp").iterdir()) == []
    deadline = time.monotonic() + 5
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        # A killed process exists until the system has reaped it.
        time.sleep(0.05)
    assert left == {}


@pytest.mark.usefixtures("installed")
def test_interrupted_run_leaves_no_database_on_a_server_that_is_given(
    scratch: Path, renders: dict[Combination, Path]
) -> None:
    combination = Combination.of(database="postgresql")
    python = environment(renders[combination])
    with Servers(["postgresql"]) as servers:
        server = servers.running["postgresql"]
        before = databases(python, server)
        given = {"KIT_POSTGRESQL_URL": server.url, "KIT_CACHE": str(CACHE)}
        run = matrix(scratch, KIT, combination.name, "--no-deep", **given)
        wait_until(lambda: databases(python, server) != before, run)
        interrupted(run)
        assert databases(python, server) == before


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("number", "how"), [(signal.SIGINT, "--no-deep"), (signal.SIGTERM, "--deep")]
)
def test_interrupted_run_leaves_nothing(number: signal.Signals, how: str, scratch: Path) -> None:
    mark = scratch / "suite-runs"
    suite = f"""
import pathlib, time

def test_it():
    pathlib.Path({str(mark)!r}).touch()
    time.sleep(60)
"""
    run = matrix(scratch, stand_in(scratch / "kit", suite, "pytest-cov"), how, ALL_FOUR, MYSQL)
    wait_until(mark.exists, run)
    names = " ".join(started_by(run, scratch))
    for name in ("postgres", "mariadbd|mysqld", "redis-server", "memcached", "python"):
        assert re.search(name, names)
    interrupted(run, number)
    assert_nothing_left(scratch)


# Stands in for uv: takes long, and has a process of its own.
SLOW_UV = """
import pathlib, subprocess, time

subprocess.Popen(["sleep", "60"])
pathlib.Path(__file__).with_name("runs").touch()
time.sleep(60)
"""


@pytest.mark.parametrize("how", ["--deep", "--no-deep"])
def test_interrupt_while_an_environment_is_installed_leaves_nothing(
    how: str, scratch: Path
) -> None:
    uv = scratch / "slow" / "uv"
    uv.mkdir(parents=True)
    (uv / "__init__.py").touch()
    (uv / "__main__.py").write_text(SLOW_UV)
    template = stand_in(scratch / "kit", "")
    run = matrix(scratch, template, how, DEFAULT.name, PYTHONPATH=str(uv.parent))
    wait_until((uv / "runs").exists, run)
    assert "sleep" in started_by(run, scratch)
    interrupted(run)
    assert_nothing_left(scratch)


def test_interrupt_while_another_run_has_the_lock_leaves_nothing(scratch: Path) -> None:
    template = stand_in(scratch / "kit", "")
    key = key_of(render(DEFAULT.answers, scratch / "render", template))
    lock = scratch / "cache" / "environments" / f"{key}.lock"
    lock.parent.mkdir(parents=True)

    def is_open() -> bool:
        with suppress(FileNotFoundError):
            files = [*Path(f"/proc/{run.pid}/fd").iterdir()]
            return any(file.is_symlink() and str(file.readlink()) == str(lock) for file in files)
        return False

    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        run = matrix(scratch, template, "--no-deep", DEFAULT.name)
        wait_until(is_open, run)
        interrupted(run)
    assert_nothing_left(scratch)


@pytest.mark.usefixtures("installed")
def test_interrupt_while_the_files_of_mysql_are_made_leaves_nothing(scratch: Path) -> None:
    template = stand_in(scratch / "kit", "")
    run = matrix(scratch, template, "mysql-restx-simple-memory-url")
    tables = "tmp/kit-servers-*/mysql-0/data/*"
    wait_until(lambda: any(scratch.glob(tables)), run)
    assert started_by(run, scratch) & {"mariadbd", "mysqld"}
    # It is written when they are complete.
    assert not any(scratch.glob("tmp/kit-servers-*/mysql-0/init.sql"))
    interrupted(run)
    assert_nothing_left(scratch)


# --- servers ------------------------------------------------------------------------------------


def test_server_that_ended_is_named_as_the_reason(scratch: Path) -> None:
    suite = r"""
import os, re, signal, socket, time
from pathlib import Path

def test_it():
    host, port = re.search(r"//([\w.]+):(\d+)", os.environ["CACHE_REDIS_URL"]).groups()
    said = b""
    with socket.create_connection((host, int(port))) as link:
        link.sendall(b"INFO server\r\n")
        while not (found := re.search(rb"process_id:(\d+)\r", said)):
            said += link.recv(4096)
    pid = found[1].decode()
    os.kill(int(pid), signal.SIGKILL)
    while Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    assert False
"""
    template = stand_in(scratch / "kit", suite)
    run = matrix(scratch, template, "sqlite-restx-redis-memory-url")
    output, _ = run.communicate()
    assert run.returncode == 1, output
    assert "the redis server ended" in output


def test_server_that_still_runs_but_serves_nobody_is_named() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        subprocess.Popen(["sleep", "60"]) as process,
    ):
        port = listener.getsockname()[1]
        server = Server("postgresql", "", "started by a test", port, process)
        assert server.fault() == "the postgresql server (started by a test) does not answer"
        server.end()
        assert server.fault().startswith("the postgresql server ended")


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
    raise Unavailable(f"{names[0]} is not installed")


# Answers what the harness asks of Docker, and runs this machine's Redis for a container.
DOCKER = """#!/bin/sh
cd "$(dirname "$0")" || exit
echo "$*" >> said
case $1 in
    info) ;;
    run) eval "$RUN" ;;
    port) echo "127.0.0.1:$PORT" ;;
    top) kill -0 "$(cat pid)" ;;
    rm) kill "$(cat pid)" && rm pid ;;
esac
"""
REDIS = (
    'redis-server --bind 127.0.0.1 --port "$PORT" --save "" --dir "$PWD" --pidfile "$PWD/pid"'
    " --daemonize yes >/dev/null"
)


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the folder of a program that stands in for Docker; nothing else is to be had."""
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    monkeypatch.setattr("matrix.services.program", _nothing_installed)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv("RUN", REDIS)
    for kind in KINDS.values():
        monkeypatch.delenv(kind.variable, raising=False)
    return tmp_path


def test_server_that_is_not_installed_is_a_container_that_is_removed(docker: Path) -> None:
    with Servers(["redis"]) as servers:
        assert servers.missing == {}
        server = servers.running["redis"]
        assert server.origin == f"Docker {KINDS['redis'].image}"
        port = int(os.environ["PORT"])
        assert server.url == f"redis://127.0.0.1:{port}/0"
        assert serves("redis", port)
        assert server.fault() == ""
    assert server.ended() == f"the redis server ({server.origin}) ended"
    said = [line for line in (docker / "said").read_text().splitlines() if line[:3] != "top"]
    assert said[1].startswith(f"run --detach --rm --name {server.container} --publish")
    assert said[-1] == f"rm --force {server.container}"


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("echo 'Unable to find image' >&2; echo 'Error: denied' >&2; exit 125", "Error: denied"),
        ("true", "the redis server (Docker redis:7) ended"),
    ],
)
def test_container_that_does_not_serve_is_named_and_removed(
    run: str, reason: str, docker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUN", run)
    with Servers(["redis"]) as servers:
        assert servers.running == {}
        assert f"{reason}: install the package redis-server" in servers.missing["redis"]
    assert (docker / "said").read_text().splitlines()[-1].startswith("rm --force kit-redis-")


def test_interrupt_while_a_container_starts_removes_it(
    docker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("matrix.services.wait_for", interrupt)
    with pytest.raises(KeyboardInterrupt), Servers(["redis"]):
        pass
    assert (docker / "said").read_text().splitlines()[-1].startswith("rm --force kit-redis-")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("said", [b"", b"\x05\x00\x00\x00\xff\x10\x04not yet"])
def test_port_that_is_open_is_not_a_server_that_serves(kind: str, said: bytes) -> None:
    def answer() -> None:
        with listener.accept()[0] as link:
            link.sendall(said)

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        ThreadPoolExecutor(1) as pool,
    ):
        answered = pool.submit(answer)
        assert not serves(kind, listener.getsockname()[1])
        answered.result()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[Note] start\n[ERROR] no folder\n[ERROR] Aborting\n[Note] end\n", "[ERROR] no folder"),
        ("one\ntwo\n", "two"),
        ("\n", "it said nothing"),
    ],
)
def test_reason_of_an_end_is_the_first_error(text: str, words: str) -> None:
    assert last_words(text) == words


def test_server_that_is_given_is_used_and_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_REDIS_URL", "redis://redis.example:1234/5")
    with Servers(["redis"]) as servers:
        assert servers.running["redis"].url == "redis://redis.example:1234/5"
        assert servers.running["redis"].process is None


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("postgresql", "postgresql+psycopg://me@127.0.0.1:{port}/app_test"),
        ("redis", "redis://127.0.0.1:{port}/0"),
        ("memcached", "127.0.0.1:{port}"),
        ("memcached", "127.0.0.1:{port},127.0.0.2:1"),
        ("postgresql", "postgresql://me:a,b@127.0.0.1:{port},127.0.0.2:1/app_test"),
    ],
)
def test_server_that_is_given_and_goes_away_is_named(kind: str, url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = Server(kind, url.format(port=port), "given by a test")
        assert server.fault() == ""
    assert server.fault() == f"the {kind} server (given by a test) does not answer"


@pytest.mark.parametrize("port", ["five", "99999", "1]"])
def test_server_whose_address_cannot_be_read_is_not_named(port: str) -> None:
    url = f"postgresql+psycopg://me@127.0.0.1:{port}/app_test"
    assert Server("postgresql", url, "given by a test").fault() == ""


def test_server_that_can_not_start_is_missing_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(folder: Path, port: int) -> list[str]:
        return ["sh", "-c", "echo error: no room >&2; exit 1"]

    monkeypatch.delenv("KIT_REDIS_URL", raising=False)
    monkeypatch.setattr(KINDS["redis"], "start", start)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with Servers(["redis"]) as servers:
        assert servers.running == {}
        assert "sh did not start: error: no room" in servers.missing["redis"]


def test_needed_servers_are_those_of_the_choices() -> None:
    assert needed(DEFAULT) == []
    assert needed(by_names(["mysql-restx-redis-memcached-url"])[0]) == [
        "memcached",
        "mysql",
        "redis",
    ]


# --- environments -------------------------------------------------------------------------------


def test_missing_pin_fails_its_combination(scratch: Path) -> None:
    template = stand_in(scratch / "kit", "def test_it(): assert True\n")
    pins = template / "{{cookiecutter.project_slug}}" / "requirements-dev.txt"
    text = pins.read_text()
    pins.write_text(re.sub(r"(?m)^pluggy==.*\n(    .*\n)+", "", text))
    assert pins.read_text() != text
    output, _ = (run := matrix(scratch, template, DEFAULT.name)).communicate()
    assert run.returncode == 1, output
    assert "pluggy" in output


@pytest.mark.parametrize(
    ("installed", "said"),
    [
        ({"flask": "3.1.3"}, ""),
        ({"flask": "3.1.3", "pytz": "2026.1"}, "pytz 2026.1 is not pinned"),
        ({}, "flask 3.1.3 is missing"),
        ({"flask": "3.1.2"}, "flask 3.1.2 is not pinned, flask 3.1.3 is missing"),
    ],
)
def test_environment_that_differs_from_the_pins_is_refused(
    installed: dict[str, str], said: str
) -> None:
    assert difference({"flask": "3.1.3"}, installed) == said


def test_environment_gets_what_is_compiled_of_the_files_it_has_too(tmp_path: Path) -> None:
    names = ("same", "changed", "gone")
    packages = "lib/python3.11/site-packages"
    old, new = (tmp_path / name / packages for name in ("old", "new"))
    for folder in (old / "__pycache__", new):
        folder.mkdir(parents=True)
    (tmp_path / "old" / "complete").touch()
    for name in names:
        (old / f"{name}.py").write_text("")
        (old / "__pycache__" / f"{name}.cpython-311.pyc").touch()
    (new / "same.py").hardlink_to(old / "same.py")
    (new / "changed.py").write_text("")
    share_compiled(tmp_path / "new")
    assert [path.name for path in new.glob("__pycache__/*")] == ["same.cpython-311.pyc"]


def test_projects_with_the_same_pins_share_an_environment(
    renders: dict[Combination, Path],
) -> None:
    keys = {(key_of(project), *sources(combination)) for combination, project in renders.items()}
    assert len({key for key, *_ in keys}) == len({tuple(names) for _, *names in keys}) == len(keys)


def test_packages_that_deptry_may_find_unused_are_declared() -> None:
    declared = "\n".join(path.read_text() for path in refresh.DEPS.glob("*.in"))
    chosen = [name for choice in CHOICES.values() for name in choice.unimported]
    for name in [*UNIMPORTED, *chosen]:
        assert f"\n{name}" in f"\n{declared}"
