"""The OpenAPI document: others' linters accept it, and the clients they generate work."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matrix.combinations import IN_PROCESS, OPTIONS, Combination
from matrix.environments import environment
from matrix.rendering import render
from matrix.services import Servers
from openapi_spec_validator import OpenAPIV31SpecValidator

from live.api import Api, served
from live.programs import LINTERS, NPM, succeed

HERE = Path(__file__).parent
# Every flavor with every way to pick a version, without servers: the document is about neither.
SHORT = {
    "test_python_client_makes_the_round": IN_PROCESS[:1],
    "test_typescript_client_makes_the_round": IN_PROCESS[-1:],
}
# The generator passes on the arguments of __exit__ as it got them.
MYPY = """[mypy]
strict = True
[mypy-client.client]
disable_error_code = arg-type
"""


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[Combination, Path]:
    """What `flask openapi` writes in each of the projects."""
    written = {}
    for combination in IN_PROCESS:
        folder = tmp_path_factory.mktemp(combination.name)
        project = render({**combination.answers, "project_slug": "project"}, folder)
        written[combination] = folder / "openapi.json"
        command = ("-m", "flask", "openapi", "--output", written[combination])
        succeed(environment(project), *command, folder=project, FLASK_CONFIG="testing")
    return written


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give tests every combination, and rounds in the short form one that others don't take."""
    if "combination" in metafunc.fixturenames:
        short = [] if metafunc.config.getoption("--long") else SHORT.get(metafunc.function.__name__)
        metafunc.parametrize("combination", short or IN_PROCESS, ids=str)


@pytest.fixture
def document(combination: Combination, documents: dict[Combination, Path]) -> Path:
    """The document of one combination."""
    return documents[combination]


@pytest.fixture
def api(combination: Combination, tmp_path: Path) -> Iterator[Api]:
    """A served project, which needs no server beside it."""
    with Servers(()) as none, served(combination, none, tmp_path) as api:
        yield api


def test_lock_works_with_any_registry() -> None:
    packages = json.loads((NPM / "package-lock.json").read_bytes())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in packages.items() if name)


@pytest.mark.parametrize("versioning", OPTIONS["versioning"])
def test_flavors_have_the_same_document(
    documents: dict[Combination, Path], versioning: str
) -> None:
    texts = {
        combination["api_flavor"]: document.read_bytes()
        for combination, document in documents.items()
        if combination["versioning"] == versioning
    }
    assert texts.keys() == {*OPTIONS["api_flavor"]}
    assert len({*texts.values()}) == 1


def test_document_follows_the_specification(document: Path) -> None:
    faults = OpenAPIV31SpecValidator(json.loads(document.read_bytes())).iter_errors()
    assert [str(fault) for fault in faults] == []


# The other flavor has the same documents.
@pytest.mark.parametrize("chosen", IN_PROCESS[: len(OPTIONS["versioning"])], ids=str)
@pytest.mark.parametrize("linter", LINTERS)
def test_linters_find_nothing(
    linter: str, chosen: Combination, node: Path, documents: dict[Combination, Path]
) -> None:
    assert LINTERS[linter](node, documents[chosen]) == []


def without_security(document: dict[str, Any]) -> None:
    del document["paths"]["/auth/login"]["post"]["security"]


def with_wrong_example(document: dict[str, Any]) -> None:
    post = document["paths"]["/posts"]["post"]
    post["requestBody"]["content"]["application/json"]["example"]["title"] = 7


@pytest.mark.parametrize(
    ("linter", "spoil", "rule"),
    [
        ("redocly", without_security, "security-defined"),
        ("spectral", with_wrong_example, "oas3-valid-media-example"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_linters_find_a_planted_fault(
    linter: str,
    spoil: Any,
    rule: str,
    node: Path,
    documents: dict[Combination, Path],
    tmp_path: Path,
) -> None:
    document = json.loads(documents[IN_PROCESS[0]].read_bytes())
    spoil(document)
    spoiled = tmp_path / "openapi.json"
    spoiled.write_text(json.dumps(document))
    assert [fault.partition(":")[0] for fault in LINTERS[linter](node, spoiled)] == [rule]


def test_python_client_makes_the_round(document: Path, api: Api, tmp_path: Path) -> None:
    generate = ("-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none")
    succeed(
        *(sys.executable, *generate, "--path", document, "--output-path", tmp_path / "client"),
        folder=tmp_path,
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    )
    shutil.copy(HERE / "round.py", tmp_path)
    (tmp_path / "mypy.ini").write_text(MYPY)
    succeed(sys.executable, "-m", "mypy", "round.py", "client", folder=tmp_path)
    assert succeed(sys.executable, "round.py", api.base, folder=tmp_path) == "done\n"


def test_typescript_client_makes_the_round(
    document: Path, api: Api, tmp_path: Path, node: Path
) -> None:
    for name in ("package.json", "tsconfig.json", "round.ts"):
        shutil.copy(NPM / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(node / "node_modules")
    programs = node / "node_modules" / ".bin"
    succeed(programs / "openapi-typescript", document, "-o", "schema.ts", folder=tmp_path)
    # Writes JavaScript if it finds no fault.
    succeed(programs / "tsc", "--project", ".", folder=tmp_path)
    assert succeed("node", "round.js", api.base, folder=tmp_path) == "done\n"
