"""A version that keeps a contract of its own: its scheme, errors, envelopes, keys and names."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, request
from marshmallow import Schema, ValidationError, fields, pre_dump
from sqlalchemy import Column, MetaData, Table, select
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import NotFound, Unauthorized
from werkzeug.test import TestResponse

from app import db
from app.api.conditional import require_match
from app.api.fields import Id, Moment, Shown, Sort, Text
from app.api.framework import Resource
from app.api.openapi.components import example
from app.api.operation import (
    accepts,
    accepts_query,
    cached,
    ignores_credentials,
    requires_role,
    returns,
)
from app.api.pages import Page, paginate_by_offset
from app.api.queries import ListQuery, OffsetQuery
from app.api.rows import one_or_404
from app.api.schemas import CamelCase, schema
from app.api.versions import Version
from app.errors import shown_name
from tests.kit.things import ROUTES, Thing, another_kit_app, caller_of, make_thing
from tests.support.answers import links, refusal
from tests.support.client import Client, asking, bearer, new_client

LibraryResource: Any = Resource.__base__

EXAMPLE = {"examples": ["a-note"]}


class FaultsOut(Schema):
    """What is wrong, by field."""

    faults = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)

    @pre_dump
    def collect(self, problem: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Take what is wrong from a problem."""
        return {"faults": problem.get("errors") or {"request": [problem["detail"]]}}


class BrokenOut(Schema):
    """A schema of errors that not all of them fit."""

    @pre_dump
    def collect(self, problem: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Look for what only some have."""
        return {"faults": problem["errors"]}


class PartIn(Schema):
    """A part, as a body has it; the name says nothing about that."""

    id = fields.Integer(required=True, metadata={"examples": [1]})


class PartsIn(Schema):
    """Several parts."""

    parts = fields.Nested(PartIn, many=True)
    more = fields.List(fields.Nested(PartIn))
    one = fields.Nested(PartIn)


class SeenQuery(ListQuery, CamelCase):
    """A list whose order has camel case, too."""

    sort = Sort("created_at", "name", default="-created_at,id")


class NoteIn(CamelCase):
    """A thing, known by its note."""

    name = Text(required=True, metadata={"examples": ["a thing"]})
    note = Text(required=True, data_key="slug", metadata=EXAMPLE)
    seen_at = Moment()


class NoteOut(CamelCase):
    """A thing without its id."""

    name = Shown("a thing")
    note = fields.String(required=True, data_key="slug", metadata=EXAMPLE)
    seen_at = fields.AwareDateTime(metadata={"examples": ["2026-01-31T12:00:00+00:00"]})


class NamelessNoteOut(CamelCase):
    """A thing as some may see it."""

    note = fields.String(required=True, data_key="slug", metadata=EXAMPLE)


class PartOut(Schema):
    """A part of a thing."""

    id = Id()


def schema_for(thing: Thing) -> type[Schema]:
    """Return the schema of a thing that everybody may see, or of a secret one."""
    return NamelessNoteOut if thing.secret else NoteOut


def noted(note: str) -> Thing:
    """Return the thing with a note."""
    return one_or_404(select(Thing).where(Thing.note == note))


class NoteList(Resource):
    @cached
    @accepts_query(OffsetQuery)
    @returns(NoteOut, many=True, envelope="notes", total="notesCount")
    def get(self, query: dict[str, Any]) -> Page[Thing]:
        """List notes."""
        return paginate_by_offset(select(Thing).order_by(Thing.id), query)

    @accepts(NoteIn, envelope="note")
    @returns(NoteOut, status=201, location=".NoteItem", key="note", envelope="note")
    def post(self, data: dict[str, Any]) -> Thing:
        """Add a note."""
        thing = Thing(**data)
        db.session.add(thing)
        db.session.commit()
        return thing


class NoteItem(Resource):
    @cached
    @returns(NoteOut, NamelessNoteOut, choose=schema_for, key="note", envelope="note")
    def get(self, note: str) -> Thing:
        """Show a note."""
        return noted(note)

    @accepts(NoteIn, partial=True, envelope="note")
    @returns(NoteOut, key="note", envelope="note")
    def patch(self, note: str, data: dict[str, Any]) -> Thing:
        """Change a note."""
        thing = noted(note)
        require_match(thing, NoteOut)
        thing.update(data)
        db.session.commit()
        return thing


class PartList(Resource):
    @returns(PartOut, many=True, envelope="parts")
    def get(self, note: str) -> list[dict[str, int]]:
        """List the parts of a note, which are a plain list."""
        return [{"id": 1}, {"id": 2}]

    @returns(PartOut, status=201, location=".PartItem")
    def post(self, note: str) -> dict[str, int]:
        """Add a part."""
        return {"id": 7}

    @returns(PartOut, status=201, location=".PartList")
    def put(self, note: str) -> dict[str, int]:
        """Add a part that has no address of its own."""
        return {"id": 7}


class PartItem(Resource):
    @returns(status=204)
    def get(self, note: str, id: int) -> None:
        """Show nothing."""

    @returns(status=204)
    def delete(self, note: str, id: int) -> None:
        """Delete nothing."""


class Whoami(Resource):
    @accepts(NoteIn, partial=True)
    @returns(Schema.from_dict({"token": fields.String()}), status=200)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Show the token."""
        assert request.authorization
        return {"token": request.authorization.token}

    @requires_role("keeper")
    @returns(status=204)
    def delete(self) -> None:
        """Delete nothing."""

    @ignores_credentials
    @returns(NoteOut, many=True, envelope="notes", total="notesCount")
    def get(self) -> list[Thing]:
        """Return a list that nobody has counted."""
        return []


class Echo(LibraryResource):  # type: ignore[misc]
    """A resource in the library's own idiom."""

    @ignores_credentials
    def get(self) -> Any:
        """Raise an error."""
        raise NotFound("No echo")

    @ignores_credentials
    def post(self) -> Any:
        """Return an error."""
        return {"message": "No echo"}, 404


class Nameless(Resource):
    @ignores_credentials
    @returns(PartOut, status=201, location=".NoteItem", key="note")
    def post(self) -> dict[str, int]:
        """Return what has no note, and so no address."""
        return {"id": 7}

    @ignores_credentials
    @returns(NoteOut, NamelessNoteOut, many=True, choose=lambda things: NoteOut)
    def get(self, rest: str = "") -> list[Thing]:
        """List nothing."""
        return []


class Challenge(Resource):
    @ignores_credentials
    @returns(status=204)
    def get(self) -> None:
        """Ask for credentials of several kinds."""
        kinds = [WWWAuthenticate(kind, {"realm": "a"}) for kind in ("basic", "bearer")]
        raise Unauthorized(www_authenticate=kinds)


OWN: dict[str, Any] = {
    "/nameless": Nameless,
    "/nameless/<path:rest>": type("NamelessBelow", (Nameless,), {}),
    "/challenge": Challenge,
    "/notes": NoteList,
    "/notes/<note>": NoteItem,
    "/notes/<note>/parts": PartList,
    "/notes/<note>/parts/<id:id>": PartItem,
    "/whoami": Whoami,
    "/echo": Echo,
}
FIRST = Version("1.0", ROUTES | {"/whoami": Whoami})
SECOND = Version("2.0", OWN, scheme="Token", errors=FaultsOut)


@pytest.fixture(scope="module")
def own(app: Flask) -> Iterator[Flask]:
    """An application whose second version has other habits than the first."""
    with another_kit_app(app, (FIRST, SECOND)) as own:
        yield own


@pytest.fixture(scope="module")
def live(app: Flask) -> Iterator[Flask]:
    """The same in production."""
    with another_kit_app(app, (FIRST, SECOND), config_name="production") as live:
        yield live


def ask(client: Client, verb: str, path: str, **options: Any) -> TestResponse:
    """Send a request to the second version."""
    headers = asking("2.0") | options.pop("headers", {})
    return client.open(SECOND.base + path, method=verb, headers=headers, **options)


@pytest.fixture
def client(own: Flask) -> Client:
    return new_client(own)


@pytest.fixture
def caller(own: Flask) -> Client:
    """A caller of the second version."""
    caller = caller_of(own)
    caller.version = SECOND
    return caller


def faults(response: TestResponse) -> dict[str, Any]:
    """Return what is wrong; nothing else is in the body."""
    assert response.content_type == "application/json"
    body: dict[str, Any] = response.json or {}
    assert body.keys() == {"faults"}
    found: dict[str, Any] = body["faults"]
    return found


# The scheme


@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN"])
def test_token_after_the_scheme_of_the_version_is_accepted(caller: Client, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {caller.access_token}"}
    response = ask(caller, "POST", "/whoami", headers=headers, json={"name": "a thing"})
    assert response.json == {"token": caller.access_token}


@pytest.mark.parametrize("credentials", ["Bearer {}", "Basic {}", "Tokens {}", "{}", "Token{}"])
def test_token_after_another_scheme_is_401(caller: Client, credentials: str) -> None:
    headers = {"Authorization": credentials.format(caller.access_token)}
    for verb, path in (("POST", "/whoami"), ("GET", "/notes")):
        response = ask(caller, verb, path, headers=headers)
        assert response.status_code == 401
        assert faults(response) == {"request": ["Missing or malformed token"]}
        assert response.headers["WWW-Authenticate"].startswith("Token")


def test_other_versions_keep_their_scheme(caller: Client) -> None:
    caller.version = None
    token, body = caller.access_token, {"name": "a thing"}
    response = caller.post("/whoami", headers=bearer(token, "Token"), json=body)
    assert refusal(response) == (401, "Missing or malformed token")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert caller.post("/whoami", json=body).json == {"token": token}


def test_each_challenge_is_sent_and_ours_has_the_scheme_of_the_version(client: Client) -> None:
    response = ask(client, "GET", "/challenge")
    challenges = response.headers.getlist("WWW-Authenticate")
    assert challenges == ["Basic realm=a", "Token realm=a"]


# Errors


@pytest.mark.parametrize("config_name", ["testing", "production"])
def test_error_that_a_schema_cannot_represent_is_a_problem(
    app: Flask, config_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = [Version("1.0", ROUTES, errors=BrokenOut)]
    with another_kit_app(app, versions, config_name) as broken:
        response = new_client(broken).get("/things/7")
    assert refusal(response) == (404, "There is nothing at this address")
    assert response.headers["API-Version"] == "1.0"
    assert "BrokenOut can't represent an error" in capsys.readouterr().err


def exceed_the_limit(client: Client) -> TestResponse:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(client.application.config, "RATELIMIT_DEFAULT", "1 per hour")
        ask(client, "GET", "/notes")
        return ask(client, "GET", "/notes")


def fail_a_precondition(client: Client) -> TestResponse:
    make_thing(client.application, note="mine")
    return ask(client, "GET", "/notes/mine", headers={"If-Match": '"another"'})


def take_twice(client: Client) -> TestResponse:
    body = {"note": {"name": "a thing", "slug": "mine"}}
    ask(client, "POST", "/notes", json=body)
    return ask(client, "POST", "/notes", json=body)


REFUSALS: list[tuple[int, dict[str, list[str]], Callable[[Client], TestResponse]]] = [
    (
        404,
        {"request": ["There is nothing at this address"]},
        lambda c: ask(c, "GET", "/nothing"),
    ),
    (404, {"request": ["No echo"]}, lambda c: ask(c, "GET", "/echo")),
    (404, {"request": ["No echo"]}, lambda c: ask(c, "POST", "/echo")),
    (
        405,
        {"request": ["The method is not allowed for this address"]},
        lambda c: ask(c, "PUT", "/notes"),
    ),
    (
        401,
        {"request": ["Invalid token"]},
        lambda c: ask(c, "GET", "/notes", headers=bearer("a.b.c", "Token")),
    ),
    (
        403,
        {"request": ["Only a user with the role keeper may do this"]},
        lambda c: ask(c, "DELETE", "/whoami"),
    ),
    (400, {"request": ["The body is not valid JSON"]}, lambda c: send_text(c, "{")),
    (422, {"colour": ["Unknown field."]}, lambda c: ask(c, "GET", "/notes?colour=red")),
    (409, {"note.slug": ["Already taken."]}, take_twice),
    (412, {"request": ["The resource has changed since it was read"]}, fail_a_precondition),
    (429, {"request": ["Too many requests"]}, exceed_the_limit),
    (
        500,
        {"request": ["Something went wrong on our side"]},
        lambda c: ask(c, "GET", "/whoami"),
    ),
]


def send_text(client: Client, text: str) -> TestResponse:
    return ask(client, "POST", "/notes", data=text, content_type="application/json")


@pytest.mark.parametrize("mode", ["own", "live"])
@pytest.mark.parametrize(("status", "wrong", "call"), REFUSALS, ids=[str(r[0]) for r in REFUSALS])
def test_errors_of_every_layer_have_the_format_of_the_version(
    request: pytest.FixtureRequest,
    mode: str,
    status: int,
    wrong: dict[str, list[str]],
    call: Callable[[Client], TestResponse],
) -> None:
    caller = caller_of(request.getfixturevalue(mode))
    caller.version = SECOND
    response = call(caller)
    assert response.status_code == status
    assert faults(response) == wrong
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["API-Version"] == "2.0"


@pytest.mark.parametrize("path", ["/nothing", "/healthz/more", "/api/nothing"])
def test_errors_of_other_addresses_are_problems(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"


# Envelopes


@pytest.mark.parametrize("body", [None, {}, {"note": None}, {"note": {}}])
def test_envelope_with_nothing_in_it_is_no_input(caller: Client, body: Any) -> None:
    for verb, path in (("POST", "/notes"), ("PATCH", "/notes/mine")):
        response = ask(caller, verb, path, json=body)
        assert response.status_code == 400
        assert faults(response) == {"request": ["No input data provided"]}


MISSING = ["Missing data for required field."]
UNKNOWN = ["Unknown field."]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": "a thing"}, {"note": MISSING, "name": UNKNOWN}),
        (
            {"note": {"seenAt": "now", "seen_at": "now"}, "x": 1},
            {
                "note.name": MISSING,
                "note.slug": MISSING,
                "note.seenAt": ["Not a valid datetime."],
                "note.seen_at": UNKNOWN,
                "x": UNKNOWN,
            },
        ),
        ({"note": None, "x": 1}, {"note": ["Field may not be null."], "x": UNKNOWN}),
        ({"note": "mine"}, {"note._schema": ["Invalid input type."]}),
        ([], {"_schema": ["Invalid input type."]}),
    ],
)
def test_faults_are_named_by_their_path(
    caller: Client, body: Any, wrong: dict[str, list[str]]
) -> None:
    response = ask(caller, "POST", "/notes", json=body)
    assert response.status_code == 422
    assert faults(response) == wrong


def test_partial_body_is_in_an_envelope_too(app: Flask, caller: Client) -> None:
    make_thing(app, note="mine")
    changed = ask(caller, "PATCH", "/notes/mine", json={"note": {"name": "mine"}})
    assert changed.json == {"note": {"name": "mine", "slug": "mine", "seenAt": None}}
    assert faults(ask(caller, "PATCH", "/notes/mine", json={"name": "x"}))["note"] == MISSING


def test_list_is_in_an_envelope_with_its_total(app: Flask, client: Client) -> None:
    for number in range(3):
        make_thing(app, note=f"note {number}")
    for cache in ("MISS", "HIT"):
        response = ask(client, "GET", "/notes?limit=2")
        shown: dict[str, Any] = response.json or {}
        assert [note["slug"] for note in shown.pop("notes")] == ["note 0", "note 1"]
        assert shown == {"notesCount": 3}
        assert response.headers["X-Cache"] == cache
        assert links(response)["next"] == f"{SECOND.base}/notes?limit=2&offset=2"


def test_plain_list_is_in_an_envelope(client: Client) -> None:
    assert ask(client, "GET", "/notes/mine/parts").json == {"parts": [{"id": 1}, {"id": 2}]}


def test_total_without_an_envelope_is_refused() -> None:
    for given in ({"many": True}, {"envelope": "notes"}):
        with pytest.raises(TypeError, match="set `many` and `envelope`"):
            returns(NoteOut, total="notesCount", **given)


def test_schema_is_chosen_in_an_envelope(app: Flask, client: Client) -> None:
    make_thing(app, note="hidden", secret=True)
    assert ask(client, "GET", "/notes/hidden").json == {"note": {"slug": "hidden"}}


# Keys


def test_row_without_an_id_has_an_etag_which_writers_can_send(
    app: Flask, client: Client, caller: Client
) -> None:
    make_thing(app, note="mine")
    shown = ask(client, "GET", "/notes/mine")
    etag = shown.headers["ETag"]
    for cache in ("HIT", "HIT"):
        again = ask(client, "GET", "/notes/mine", headers={"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["X-Cache"] == cache
    assert ask(client, "HEAD", "/notes/mine").headers["ETag"] == etag
    body = {"note": {"name": "changed"}}
    for status in (200, 412):
        response = ask(caller, "PATCH", "/notes/mine", json=body, headers={"If-Match": etag})
        assert response.status_code == status


@pytest.mark.parametrize("slug", ["mine", "a note?", "über&alles"])
def test_address_of_a_new_row_has_its_key(caller: Client, slug: str) -> None:
    body = {"note": {"name": "a thing", "slug": slug}}
    created = ask(caller, "POST", "/notes", json=body)
    assert created.status_code == 201
    path = created.headers["Location"].removeprefix(SECOND.base)
    assert "?" not in path
    shown = ask(caller, "GET", path)
    assert shown.json == created.json
    assert shown.headers["ETag"] == created.headers["ETag"]


def test_key_that_cannot_be_stored_is_404(client: Client) -> None:
    assert ask(client, "GET", "/notes/a%00b").status_code == 404


@pytest.mark.parametrize(("verb", "path"), [("POST", "/parts/7"), ("PUT", "/parts")])
def test_address_below_another_has_its_keys_and_no_query(
    caller: Client, verb: str, path: str
) -> None:
    created = ask(caller, verb, "/notes/mine/parts?x=1")
    assert created.headers["Location"] == f"{SECOND.base}/notes/mine{path}"


# The document


@pytest.fixture(scope="module")
def document(own: Flask) -> dict[str, Any]:
    document: dict[str, Any] = ask(new_client(own), "GET", "/openapi.json").json or {}
    return document


def test_document_has_the_scheme(document: dict[str, Any]) -> None:
    components = document["components"]
    scheme = components["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    assert "`Token <token>`" in scheme["description"]
    assert "refresh" not in components["securitySchemes"]
    assert components["headers"]["WWW-Authenticate"]["schema"]["examples"] == ["Token"]


def test_document_has_the_errors(document: dict[str, Any]) -> None:
    components = document["components"]
    assert components["schemas"]["Problem"]["properties"].keys() == {"faults"}
    examples = {}
    for name, response in components["responses"].items():
        assert response["content"].keys() == {"application/json"}
        examples[name] = response["content"]["application/json"]["example"]
    assert examples["Problem404"] == {"faults": {"request": ["There is nothing at this address"]}}
    assert examples["Problem409"] == {"faults": {"name": ["Already taken."]}}
    assert "problem document" not in document["info"]["description"]


def test_document_of_another_version_is_as_ever(client: Client) -> None:
    document = client.get("/openapi.json").json
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    not_found = document["components"]["responses"]["Problem404"]
    assert not_found["content"].keys() == {"application/problem+json"}
    assert "problem document" in document["info"]["description"]


def content(part: dict[str, Any]) -> tuple[Any, Any]:
    """Return the schema and the example of a body."""
    found = part["content"]["application/json"]
    return found["schema"], found["example"]


def test_document_has_envelopes_and_the_names_of_clients(document: dict[str, Any]) -> None:
    notes = document["paths"]["/notes"]
    schema, shown = content(notes["post"]["requestBody"])
    assert schema["properties"] == {"note": {"$ref": "#/components/schemas/NoteIn"}}
    assert schema["required"] == ["note"]
    assert shown == {
        "note": {"name": "a thing", "slug": "a-note", "seenAt": "2026-01-31T12:00:00Z"}
    }
    listing, shown = content(notes["get"]["responses"]["200"])
    assert listing["properties"]["notes"]["items"] == {"$ref": "#/components/schemas/Note"}
    assert listing["properties"]["notesCount"]["type"] == "integer"
    assert shown["notesCount"] == len(shown["notes"])
    changes, _ = content(document["paths"]["/notes/{note}"]["patch"]["requestBody"])
    name = changes["properties"]["note"]["$ref"].rpartition("/")[2]
    assert document["components"]["schemas"][name]["minProperties"] == 1
    assert document["components"]["schemas"]["NoteIn"]["required"] == ["name", "slug"]


def test_requests_are_closed_and_responses_are_open(document: dict[str, Any]) -> None:
    notes = document["paths"]["/notes"]
    sent, _ = content(notes["post"]["requestBody"])
    shown, _ = content(notes["get"]["responses"]["200"])
    schemas = document["components"]["schemas"]
    closed = {"sent": sent, "shown": shown, **{name: schemas[name] for name in ("NoteIn", "Note")}}
    assert {name for name, kind in closed.items() if "additionalProperties" in kind} == {
        "sent",
        "NoteIn",
    }


def test_document_has_the_etags_of_rows_without_an_id(document: dict[str, Any]) -> None:
    note, parts = (document["paths"][f"/notes/{path}"] for path in ("{note}", "{note}/parts"))
    assert "304" in note["get"]["responses"]
    assert "ETag" in note["patch"]["responses"]["200"]["headers"]
    assert "ETag" not in parts["get"]["responses"]["200"]["headers"]


def test_only_changes_of_what_has_an_etag_can_depend_on_it(document: dict[str, Any]) -> None:
    condition = {"$ref": "#/components/parameters/If-Match"}
    note = document["paths"]["/notes/{note}"]["patch"]
    part = document["paths"]["/notes/{note}/parts/{id}"]["delete"]
    assert (condition in note["parameters"], "412" in note["responses"]) == (True, True)
    assert (condition in part["parameters"], "412" in part["responses"]) == (False, False)


def test_list_of_several_schemas_is_documented_as_a_list(document: dict[str, Any]) -> None:
    listing, shown = content(document["paths"]["/nameless"]["get"]["responses"]["200"])
    assert listing["type"] == "array"
    assert len(listing["items"]["anyOf"]) == 2
    assert isinstance(shown, list)


def test_row_without_its_key_has_no_address(client: Client) -> None:
    response = ask(client, "POST", "/nameless")
    assert (response.status_code, "Location" in response.headers) == (500, False)


def test_envelope_needs_a_schema() -> None:
    with pytest.raises(TypeError, match="envelope"):
        returns(envelope="note")


@pytest.mark.parametrize(("rest", "status"), [("a/b", 200), ("a%00/b", 404)])
def test_path_with_slashes_has_only_what_can_be_stored(
    client: Client, rest: str, status: int
) -> None:
    assert ask(client, "GET", f"/nameless/{rest}").status_code == status


def test_order_has_the_names_of_clients() -> None:
    sort = schema(SeenQuery).fields["sort"]
    assert sort.metadata["default"] == "-createdAt,id"
    assert "createdAt" in sort.metadata["pattern"]
    assert schema(SeenQuery).load({})["sort"] == [("created_at", True), ("id", False)]
    assert schema(SeenQuery).load({"sort": "createdAt"})["sort"] == [("created_at", False)]
    with pytest.raises(ValidationError, match="createdAt, name"):
        schema(SeenQuery).load({"sort": "created_at"})


def test_examples_have_the_shape_of_their_fields() -> None:
    part = {"id": 1}
    assert example(PartsIn) == {"parts": [part], "more": [part], "one": part}


def test_conflict_is_about_the_column_that_clients_know() -> None:
    keys = Table("keys", MetaData(), Column("name"), Column("name_key"), Column("api_key"))
    assert [shown_name(column) for column in keys.c] == ["name", "name", "api_key"]
