"""The document of a project with resources in the library's idiom passes others' linters."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from matrix.combinations import OPTIONS, Combination
from matrix.environments import environment
from matrix.rendering import render
from openapi_spec_validator import OpenAPIV31SpecValidator
from recipes import recipes

from live.programs import LINTERS, SLASHES, succeed

RECIPE = "Bring resources that you have"


@pytest.fixture(scope="module", params=OPTIONS["api_flavor"])
def document(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document of a project that has followed its recipe."""
    folder = tmp_path_factory.mktemp(request.param)
    project = render(Combination.of(api_flavor=request.param).answers, folder)
    recipes(project)[RECIPE].follow(project, lambda *words: pytest.fail(shlex.join(words)))
    command = (environment(project), "-m", "flask", "--app", "wsgi", "openapi")
    document = folder / "openapi.json"
    document.write_text(succeed(*command, folder=project, FLASK_CONFIG="development"))
    return document


def test_document_follows_the_specification(document: Path) -> None:
    found = json.loads(document.read_bytes())
    assert "/people/{person_id}" in found["paths"]
    assert [str(fault) for fault in OpenAPIV31SpecValidator(found).iter_errors()] == []


@pytest.mark.parametrize("linter", LINTERS)
def test_linters_find_nothing_but_slashes(linter: str, document: Path, node: Path) -> None:
    faults = LINTERS[linter](node, document)
    assert [fault for fault in faults if fault.partition(":")[0] not in SLASHES] == []
