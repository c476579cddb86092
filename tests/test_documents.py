"""The kit's documents and workflows say what is so."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from matrix.__main__ import arguments, selection
from matrix.combinations import KIT, OPTIONS, covering, every_combination
from matrix.environments import USUAL_CACHE
from matrix.services import KINDS

README = (KIT / "README.md").read_text("utf-8")
CONTRIBUTING = (KIT / "CONTRIBUTING.md").read_text("utf-8")


WORKFLOWS = sorted((KIT / ".github" / "workflows").glob("*.yml"))


def jobs(workflow: Path) -> dict[str, Any]:
    """Return the jobs of a workflow by name."""
    found: dict[str, Any] = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    return found


def rows(text: str, pattern: str) -> list[list[str]]:
    """Return the cells of the table rows whose first cell matches `pattern`."""
    lines = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|"))
    return [cells for cells in lines if re.fullmatch(pattern, cells[0])]


def environments() -> configparser.ConfigParser:
    """Return the kit's tox.ini."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(KIT / "tox.ini")
    return tox


def test_table_of_choices_is_that_of_the_prompts() -> None:
    table = {
        cells[0].strip("`"): tuple(re.findall(r"`(\w+)`", cells[1]))
        for cells in rows(README, r"`[a-z_]+`")
        if cells[0].strip("`") in OPTIONS
    }
    assert table == OPTIONS


def test_every_server_variable_is_in_the_table() -> None:
    names = {cells[0].strip("`") for cells in rows(README, r"`KIT_\w+`")}
    read = set(
        re.findall(
            r"KIT_[A-Z_]+",
            "".join(path.read_text("utf-8") for path in (KIT / "tests" / "matrix").glob("*.py")),
        )
    )
    assert names == read
    assert {kind.variable for kind in KINDS.values()} <= names


def test_folder_of_the_cache_is_the_one_named_and_no_environment_of_tox() -> None:
    folder = str(USUAL_CACHE.relative_to(KIT))
    assert f"`{folder}` by default" in README
    for text in (CONTRIBUTING, *(workflow.read_text("utf-8") for workflow in WORKFLOWS)):
        assert set(re.findall(r"(\.tox/\w+)/report", text)) == {folder}
    assert f"testenv:{USUAL_CACHE.name}" not in environments()


def test_environments_of_tox_are_in_the_table() -> None:
    named = [cells[0].strip("`") for cells in rows(README, r"`(lint|tests|matrix)`")]
    assert named == re.split(r",\s*", environments()["tox"]["env_list"])


def test_long_forms_are_in_a_table_of_their_own() -> None:
    tox = environments()
    every = {section.partition(":")[2] for section in tox if section.startswith("testenv:")}
    named = {cells[0].strip("`") for cells in rows(README, r"`[a-z]+`")} & every
    assert named == every - {"demo", "deps"}


def test_number_of_combinations_is_the_one_said() -> None:
    said = re.findall(r"(\d+) (?:combinations|renders)", README)
    assert said
    assert {*map(int, said)} == {len(every_combination())}


def test_size_of_the_subset_is_the_one_said() -> None:
    assert f"for {len(covering(2))} of them, which cover every pair" in README


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_tox_environment_that_is_named_exists(text: str) -> None:
    tox = environments()
    named = re.findall(r"tox run -e (\w+)", text)
    assert named
    assert all(f"testenv:{name}" in tox for name in named)


def test_every_matrix_command_is_understood(tmp_path: Path) -> None:
    commands = re.findall(r"`tox run -e matrix -- (.*?)`", CONTRIBUTING)
    assert commands
    (tmp_path / "outcomes.json").write_text('{"sqlite-restx-simple-memory-url": "failed"}')
    for command in commands:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
        assert selection(arguments([*words, "--report", str(tmp_path)]))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_link_and_path_exists(name: str) -> None:
    text = (KIT / name).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)\)", text):
        assert "://" in target or (KIT / target).exists(), target
    if name == "CONTRIBUTING.md":
        for cells in rows(text, r"`.*`"):
            for path in re.findall(r"`([\w./{}-]+/|[\w./-]+\.(?:txt|json|py))`", cells[0]):
                assert (KIT / path).exists(), path


SCHEMA = ("check-jsonschema", "--builtin-schema", "vendor.github-workflows")
ACTIONLINT = ("actionlint", "-no-color")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="actionlint is installed on Linux")


def said_of(workflow: Path, linter: Sequence[str]) -> str:
    """Return what a linter finds wrong with a workflow; nothing when it finds nothing."""
    done = subprocess.run([*linter, str(workflow)], capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("linter", [SCHEMA, pytest.param(ACTIONLINT, marks=on_linux)])
@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_is_valid(workflow: Path, linter: Sequence[str]) -> None:
    assert said_of(workflow, linter) == ""


@pytest.mark.parametrize(
    ("linter", "old", "new", "said"),
    [
        (SCHEMA, "runs-on:", "run-on:", "run-on"),
        pytest.param(ACTIONLINT, "needs: tox", "needs: nothing", '"nothing"', marks=on_linux),
        pytest.param(ACTIONLINT, "matrix.mysql", "matrix.mysq1", '"mysq1"', marks=on_linux),
    ],
)
def test_invalid_workflow_is_caught(
    linter: Sequence[str], old: str, new: str, said: str, tmp_path: Path
) -> None:
    text = (KIT / ".github" / "workflows" / "newest.yml").read_text("utf-8")
    assert old in text
    spoiled = tmp_path / "newest.yml"
    spoiled.write_text(text.replace(old, new), "utf-8")
    assert said in said_of(spoiled, linter)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_runs_every_tier(workflow: Path) -> None:
    """Developers' `tox` and CI's `.ci/run` run the same tests, with every server."""
    (steps,) = (job["steps"] for name, job in jobs(workflow).items() if name == "tox")
    assert {"run": "bash .ci/run"} in steps
    assert (
        (KIT / ".ci" / "run")
        .read_text("utf-8")
        .endswith("KIT_REQUIRE_SERVICES=1 .tox/ci/bin/tox run\n")
    )


def test_newest_versions_run_on_each_python_and_both_servers() -> None:
    (matrix,) = (
        job["strategy"]["matrix"]
        for workflow in WORKFLOWS
        for job in jobs(workflow).values()
        if "strategy" in job
    )
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert {image.partition(":")[0] for image in matrix["mysql"]} == {"mysql", "mariadb"}


def test_run_that_hangs_is_reported_too() -> None:
    report = jobs(KIT / ".github" / "workflows" / "newest.yml")["report"]
    assert report["needs"] == "tox"
    assert report["if"] == "always() && needs.tox.result != 'success'"


def test_server_of_the_newest_versions_is_waited_for() -> None:
    """The port alone says nothing: Docker's proxy listens before the server does."""
    job = jobs(KIT / ".github" / "workflows" / "newest.yml")["tox"]
    options = shlex.split(job["services"]["mysql"]["options"])
    command = options[options.index("--health-cmd") + 1]
    # The images have one of these each.
    assert [part.split()[:3] for part in command.split(" || ")] == [
        [program, "ping", "--host=127.0.0.1"] for program in ("mysqladmin", "mariadb-admin")
    ]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_tells_the_tests_which_python_it_sets_up(workflow: Path) -> None:
    job = jobs(workflow)["tox"]
    (version,) = (
        step["with"]["python-version"]
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/setup-python@")
    )
    assert version == "${{ env.KIT_PYTHON }}"
    assert job["env"]["KIT_PYTHON"] in ("3.13", "${{ matrix.python }}")


@pytest.mark.skipif("KIT_PYTHON" not in os.environ, reason="only workflows name a Python")
def test_python_is_the_one_that_the_workflow_sets_up() -> None:
    assert os.environ["KIT_PYTHON"] == f"{sys.version_info.major}.{sys.version_info.minor}"


# A Python that claims a version and a speed, and says that it makes the environment.
CLAIMING = f"""#!{sys.executable}
import sys, timeit
from pathlib import Path
sys.executable = __file__
sys.version_info = (*VERSION, 0)
timeit.repeat = lambda *_, **__: [SECONDS]
if sys.argv[1] == "-c":
    code = sys.argv.pop(2)
    del sys.argv[0]
    exec(code)
else:
    programs = Path(sys.argv[3]) / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "tox"):
        (programs / name).symlink_to("/bin/true")
    print("made by", Path(__file__).name)
"""


@pytest.mark.parametrize(
    ("usual", "system", "seconds", "said"),
    [
        ((3, 12), (3, 12), 0.5, "made by system"),
        ((3, 12), (3, 12), 2.0, "made by python3"),
        ((3, 11), (3, 12), 0.5, "made by python3"),
        ((3, 13), (3, 12), 0.5, "made by python3"),
        ((3, 10), (3, 12), 2.0, "made by system"),
        ((3, 10), (3, 10), 0.5, "Python 3.11 or newer is needed"),
    ],
)
def test_ci_script_takes_the_quicker_python_of_the_usual_version(
    usual: tuple[int, int], system: tuple[int, int], seconds: float, said: str, tmp_path: Path
) -> None:
    programs, script = tmp_path / "bin", tmp_path / ".ci" / "run"
    programs.mkdir()
    script.parent.mkdir()
    text = (KIT / ".ci" / "run").read_text("utf-8")
    script.write_text(text.replace("/usr/bin/python3", str(programs / "system")), "utf-8")
    for name in {"node", *re.findall(r"command -v (\S+)", text)}:
        (programs / name).symlink_to("/bin/true")
    for name, version, took in (("python3", usual, 1.0), ("system", system, seconds)):
        claims = CLAIMING.replace("VERSION", str(version)).replace("SECONDS", str(took))
        (programs / name).write_text(claims, "utf-8")
        (programs / name).chmod(0o755)
    done = subprocess.run(
        ["bash", str(script)],
        capture_output=True,
        text=True,
        env={"PATH": f"{programs}{os.pathsep}{os.defpath}"},
    )
    assert said in done.stdout + done.stderr
    assert (done.returncode == 0) == said.startswith("made by")


def test_ci_script_is_valid() -> None:
    done = subprocess.run(["bash", "-n", str(KIT / ".ci" / "run")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
