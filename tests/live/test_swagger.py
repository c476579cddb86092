"""What Flask-RESTX's own Swagger 2.0 says of resources, our OpenAPI 3.1 says at least.

Swagger 2.0 is converted by swagger2openapi. The resources are those of the modules in `restx/`:
examples as the library's manual has them, models of each kind, parsers, and all decorators.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from matrix.combinations import IN_PROCESS, Combination
from matrix.environments import environment
from matrix.rendering import render
from openapi_spec_validator import OpenAPIV31SpecValidator

from live.programs import LINTERS, NPM, SLASHES, succeed
from live.swagger import Part, differences, operations

HERE = Path(__file__).parent
SUBJECTS = sorted(f"{path.parent.name}.{path.stem}" for path in HERE.glob("restx/*/*.py"))
# Both ways to pick a version.
COMBINATIONS = [each for each in IN_PROCESS if each["api_flavor"] == "restx"]

# Where our document says something else on purpose.
PERMITTED = [
    # The name says nothing; ours are the first words of paths.
    r".* tag default .*",
    # Ids are unique, also where a resource has several addresses, and fit for an address.
    r"\S+ \S+ \S+ operationId: '\w+_(several|todo_simple)' is .*",
    r"\S+ \S+ \S+ operationId: 'get_twice_\S+' is 'get_twice_\w+'",
    # RFC 822 isn't what JSON Schema calls a date-time.
    r"\S+ post \S+ 200 .*\.(mail|mails \[\]) format: 'date-time' is missing",
    # `Fixed` and `Arbitrary` are shown as texts.
    r"\S+ post \S+ 200 .*\.(fixed\w*|arbitrary|amounts \[\]) (type|default|examples|m\w+): .*",
    # `Raw` shows whatever there is.
    r"models\.(raw|lists) post \S+ 200 .* type: 'object' is None",
    # What a function returns is the default of one moment.
    r"(parsers.actions|models.strings) .*[ .]called default: 'made' is missing",
    # It is each value that is one of the choices, not the list of them.
    r"parsers.actions .* (colors|sizes) enum: .* is None",
    # There may be no body, since no argument in it is required.
    r"parsers.bodies put \S+ body required: True is False",
    # The types of these arguments are `list`, `dict` and a model, whose name is no type.
    r"parsers.bodies .* type: '(string|PostalAddress)' is '(array|object)'",
    # The type of a file in a list is left as it is in Swagger 2.0.
    r"parsers.forms .* type: 'file' is 'string'",
    # `skip_none` leaves out fields that have no value.
    r"decorators.marshalling delete \S+ 200 .* \.name is optional",
    r"models.masks patch \S+ 200 .* \.name is optional",
    r"models.nested post \S+ 200 .* \.skip_none \.name is optional",
    r"models.wildcards post \S+ 200 .* \.total is optional",
    # Swagger 2.0 has no cookies.
    r"parsers.locations .* query session is missing",
    # The parser of the method replaces that of the class, which requires the argument.
    r"parsers.locations put .* query query required: True is missing",
]

# What is left out of our document, and what the comparison says then.
FAULTS = [
    ("examples.todo", "tags todos", "tag todos name: 'todos' is missing"),
    (
        "decorators.security",
        "components securitySchemes basic scheme",
        "scheme basic scheme: 'basic' is missing",
    ),
    ("examples.todo", "paths /todos/", "get /todos/ is missing"),
    ("examples.todo", "paths /todos/ post", "post /todos/ is missing"),
    (
        "examples.todomvc",
        "paths /mvc/tasks/ get operationId",
        "get /mvc/tasks/ operationId: 'list_todos' is missing",
    ),
    (
        "examples.todo",
        "paths /todos/ post summary",
        "post /todos/ summary: 'Add a task' is missing",
    ),
    (
        "examples.todo",
        "paths /todos/{todo_id} get description",
        "get /todos/{todo_id} description: 'The id is one of todo1, todo2' is missing",
    ),
    ("examples.todo", "paths /todos/ post tags", "post /todos/ tag todos is missing"),
    (
        "decorators.documentation",
        "paths /documentation/ put deprecated",
        "put /documentation/ deprecated: True is missing",
    ),
    (
        "decorators.documentation",
        "paths /documentation/ patch x-owner",
        "patch /documentation/ x-owner: 'the zoo' is missing",
    ),
    (
        "decorators.security",
        "paths /security/usual patch security",
        "patch /security/usual security: {'query_key': []} is missing",
    ),
    ("parsers.actions", "paths /actions/ get parameters ids", "get /actions/ query ids is missing"),
    (
        "parsers.actions",
        "paths /actions/ get parameters ids description",
        "get /actions/ query ids description: 'Repeat it' is missing",
    ),
    (
        "parsers.actions",
        "paths /actions/ get parameters split_ids required",
        "get /actions/ query split_ids required: True is missing",
    ),
    (
        "parsers.actions",
        "paths /actions/ get parameters words explode",
        "get /actions/ query words explode: False is True",
    ),
    (
        "parsers.actions",
        "paths /actions/ get parameters order schema",
        "get /actions/ query order enum: ['asc', 'desc'] is None",
    ),
    (
        "decorators.expectations",
        "paths /expectations/ post requestBody",
        "post /expectations/ body is missing",
    ),
    (
        "decorators.expectations",
        "paths /expectations/whole put requestBody",
        "put /expectations/whole body is missing",
    ),
    (
        "decorators.expectations",
        "paths /expectations/ post requestBody required",
        "post /expectations/ body required: True is missing",
    ),
    (
        "decorators.expectations",
        "paths /expectations/ patch requestBody description",
        "patch /expectations/ body description: 'The thing to change' is missing",
    ),
    (
        "parsers.forms",
        "paths /forms/ post requestBody content multipart/form-data",
        "post /forms/ body multipart/form-data is missing",
    ),
    (
        "decorators.responses",
        "paths /responses/ get responses 404",
        "get /responses/ 404 is missing",
    ),
    (
        "decorators.responses",
        "paths /responses/ get responses 409 description",
        "get /responses/ 409 description: 'In use' is missing",
    ),
    (
        "decorators.responses",
        "paths /responses/ get responses 200 headers X-Total",
        "get /responses/ 200 header X-Total is missing",
    ),
    (
        "decorators.responses",
        "paths /responses/ get responses 409 content application/problem+json schema anyOf 0",
        "get /responses/ 409 application/problem+json anyOf: "
        "{'$ref': '#/components/schemas/Refusal'} is missing",
    ),
    (
        "examples.xml_representation",
        "paths /xml/entries/{name} get responses 200 content application/xml",
        "get /xml/entries/{name} 200 application/xml is missing",
    ),
    (
        "models.masks",
        "paths /masks/ get responses 200 content application/json schema anyOf 0",
        "get /masks/ 200 application/json .name is missing",
    ),
    (
        "models.strings",
        "components schemas StringsIn properties plain",
        "post /strings/ body application/json .plain is missing",
    ),
    (
        "models.strings",
        "components schemas StringsIn required",
        "post /strings/ body application/json .required is optional",
    ),
    (
        "models.strings",
        "components schemas Strings properties bounded type",
        "post /strings/ 200 application/json .bounded type: 'string' is None",
    ),
    (
        "models.strings",
        "components schemas Strings properties bounded pattern",
        "post /strings/ 200 application/json .bounded pattern: '^[a-z]+$' is missing",
    ),
    (
        "models.strings",
        "components schemas Strings properties chosen enum",
        "post /strings/ 200 application/json .chosen enum: ['red', 'green'] is None",
    ),
    (
        "models.strings",
        "components schemas Strings properties example examples",
        "post /strings/ 200 application/json .example examples: ['For example'] is missing",
    ),
    (
        "models.numbers",
        "components schemas NumbersIn properties exclusive exclusiveMinimum",
        "post /numbers/ body application/json .exclusive exclusiveMinimum: 0 is None",
    ),
    (
        "models.dates",
        "components schemas Dates properties days x-maximum",
        "post /dates/ 200 application/json .days maximum: '2030-12-31' is None",
    ),
    (
        "models.lists",
        "components schemas Lists properties matrix items items maximum",
        "post /lists/ 200 application/json .matrix [] [] maximum: 9 is None",
    ),
    (
        "models.nested",
        "components schemas Node properties children items",
        "post /nested/ 200 application/json .tree .children items: "
        "{'$ref': '#/components/schemas/Node'} is missing",
    ),
    (
        "models.inheritance",
        "components schemas Circle allOf 0",
        "post /inheritance/ 200 application/json .shape .kind is missing",
    ),
    (
        "models.wildcards",
        "components schemas Counted patternProperties",
        "post /wildcards/counted 200 application/json .count_* is missing",
    ),
    (
        "models.schema_models",
        "components schemas Address additionalProperties",
        "post /schema_models/ 201 application/json additionalProperties: False is missing",
    ),
]


@dataclass
class Documents:
    """What the library says of each subject, route by route, and what a project says."""

    reference: dict[str, list[Part]]
    project: dict[str, Part]

    def differences(self, subject: str) -> list[str]:
        """Return a line for each thing that only the library says of a subject."""
        return [
            f"{subject} {line}"
            for document in self.reference[subject]
            for line in differences(document, self.project[subject])
        ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the documents every combination, or one in the short form."""
    if "combination" in metafunc.fixturenames:
        chosen = COMBINATIONS if metafunc.config.getoption("--long") else COMBINATIONS[:1]
        metafunc.parametrize("combination", chosen, ids=str, scope="session")


@pytest.fixture(scope="session")
def documents(
    combination: Combination, node: Path, tmp_path_factory: pytest.TempPathFactory
) -> Documents:
    """The documents of all subjects."""
    folder = tmp_path_factory.mktemp(combination.name)
    project = render({**combination.answers, "project_slug": "project"}, folder)
    settings = {"FLASK_CONFIG": "testing", "PYTHONPATH": str(HERE)}
    said = {
        side: succeed(environment(project), "-m", "restx", side, folder=project, **settings)
        for side in ("library", "project")
    }
    given, converted = folder / "swagger.json", folder / "converted.json"
    given.write_text(said["library"])
    program = (NPM / "convert.js").read_text("utf-8")
    succeed("node", "--input-type=module", "-e", program, "--", given, converted, folder=node)
    return Documents(json.loads(converted.read_bytes()), json.loads(said["project"]))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_document_says_what_the_library_says(subject: str, documents: Documents) -> None:
    assert [
        difference
        for difference in documents.differences(subject)
        if not any(re.fullmatch(pattern, difference) for pattern in PERMITTED)
    ] == []


def test_permitted_differences_exist(documents: Documents) -> None:
    found = [difference for subject in SUBJECTS for difference in documents.differences(subject)]
    assert [
        pattern
        for pattern in PERMITTED
        if not any(re.fullmatch(pattern, difference) for difference in found)
    ] == []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_document_hides_what_the_library_hides(subject: str, documents: Documents) -> None:
    shown = [operations(document) for document in documents.reference[subject]]
    assert operations(documents.project[subject]) == set().union(*shown)


@pytest.mark.parametrize(("subject", "where", "difference"), FAULTS)
def test_what_is_left_out_is_found(
    subject: str, where: str, difference: str, documents: Documents
) -> None:
    spoiled = Documents(documents.reference, {subject: deepcopy(documents.project[subject])})
    leave_out(spoiled.project[subject], *where.split())
    assert f"{subject} {difference}" not in documents.differences(subject)
    assert f"{subject} {difference}" in spoiled.differences(subject)


def leave_out(part: Any, key: str, *keys: str) -> None:
    """Delete what is below these keys; members of a list are found by their names or numbers."""
    place: str | int = key
    if isinstance(part, list):
        names = [each.get("name") for each in part]
        place = names.index(key) if key in names else int(key)
    if keys:
        leave_out(part[place], *keys)
    else:
        del part[place]


@pytest.mark.parametrize("subject", [*SUBJECTS, "all"])
def test_document_follows_the_specification(subject: str, documents: Documents) -> None:
    faults = OpenAPIV31SpecValidator(documents.project[subject]).iter_errors()
    assert [str(fault) for fault in faults] == []


@pytest.mark.parametrize("linter", LINTERS)
def test_linters_find_nothing_but_slashes(
    linter: str, documents: Documents, node: Path, tmp_path: Path
) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(documents.project["all"]))
    faults = LINTERS[linter](node, document)
    assert [fault for fault in faults if fault.partition(":")[0] not in SLASHES] == []
