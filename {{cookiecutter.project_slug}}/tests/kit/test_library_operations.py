"""Operations in the library's own idiom: everything that ours have, they have as well."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, Response, abort, g, make_response, request, send_file
from flask_jwt_extended import create_access_token, create_refresh_token, jwt_required
from sqlalchemy import select
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    RequestedRangeNotSatisfiable,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)

from app import db
from app.api.framework import Resource
from app.api.operation import (
    accepts,
    allows_anonymous,
    cached,
    ignores_credentials,
    limited,
    requires_login,
    requires_role,
    returns,
)
from app.api.versions import Version
from app.backend.settings import ConfigError
from tests.kit.things import (
    ROUTES,
    Tag,
    Thing,
    ThingIn,
    ThingOut,
    another_kit_app,
    caller_of,
    make_thing,
)
from tests.support.answers import faults, refusal
from tests.support.client import Client, asking, bearer, new_client

LibraryResource: Any = Resource.__base__

SECRET = "hunter2"
VERBS = {"get", "head", "post", "put", "patch", "delete", "options"}


def as_text(data: Any, code: int, headers: Any) -> Response:
    """Represent data as plain text."""
    return Response(str(data), code, headers)


class Echo(LibraryResource):
    """It shows what it was asked for, as JSON or as text."""

    representations = {"text/plain": as_text}  # noqa: RUF012

    @cached
    def get(self) -> Any:
        """Show the query, and what is stored."""
        return {"for": request.args.get("for"), "tags": list(db.session.scalars(select(Tag.name)))}

    @ignores_credentials
    @limited("RATELIMIT_REGISTER")
    def post(self) -> Any:
        """Show the body."""
        return request.get_json(), 201, {"X-Own": "yes"}

    def put(self) -> Any:
        """Show the caller."""
        return {"caller": g.user_id}

    @requires_login
    def options(self) -> Any:
        """Answer browsers, which have no token yet."""
        return {"caller": g.user_id}

    @allows_anonymous
    def delete(self) -> Any:
        """Refuse, in the way of tutorials."""
        return {"message": "No such echo", "known": ["get"]}, 404


class OwnError(HTTPException):
    """It says what is wrong by itself."""

    code = 409
    description = "It is taken"


class Refusing(LibraryResource):
    """It refuses in one way or another."""

    def get(self, way: str) -> Any:
        """Refuse in this way."""
        if way == "raise":
            raise OwnError
        if way == "slow":
            raise TooManyRequests("Slow down")
        if way == "key":
            return request.args["key"]
        if way in DESCRIPTIONS:
            abort(422, DESCRIPTIONS[way][0])
        return WAYS[way]

    @ignores_credentials
    def post(self, way: str) -> Any:
        """Raise what brings headers."""
        raise HEADED[way][0]()


# What a method returns, the text of the problem, and what it says of fields.
REFUSALS: dict[str, tuple[Any, str, Any]] = {
    "raise": (None, "It is taken", None),
    "nothing": ((None, 409), "Conflict", None),
    "text": (("It is taken", 409), "It is taken", None),
    "error": (({"error": "It is taken"}, 409), "It is taken", None),
    "fields": (
        ({"message": {"a": "Bad", "b": ["Worse"]}}, 409),
        "Validation failed",
        {"a": ["Bad"], "b": ["Worse"]},
    ),
    "inner": (
        ({"errors": {"a": {"b": "Bad"}, "": "Odd"}}, 409),
        "Validation failed",
        {"a.b": ["Bad"], "_schema": ["Odd"]},
    ),
    "texts": ((["Bad", "Worse"], 409), "Bad; Worse", None),
    "worded": (({"message": "It is taken"}, "409 CONFLICT"), "It is taken", None),
    "items": (([{"a": "Bad"}], 409), "Validation failed", {"0.a": ["Bad"]}),
    "nan": (({"message": "It is taken", "a": float("nan")}, 409), "It is taken", None),
    "numbers": (([1, 2], 409), "Conflict", None),
    "objects": (({"errors": {"a": object(), "b": [1]}, "field": 3}, 409), "Conflict", None),
    "named": (
        ({"msg": "Bad", "fields": ["a", "b"]}, 409, {"Content-Type": "text/csv"}),
        "Bad",
        {"a": ["Bad"], "b": ["Bad"]},
    ),
}
WAYS = {way: returned for way, (returned, *_) in REFUSALS.items()}

# What Flask's `abort` is called with, the text of the problem, and what it says of fields.
DESCRIPTIONS: dict[str, tuple[Any, str, Any]] = {
    "a-text": ("It is taken", "It is taken", None),
    "a-message": ({"message": "It is taken", "field": "a"}, "It is taken", {"a": ["It is taken"]}),
    "by-field": ({"a": ["Bad"], "b": "Worse"}, "Validation failed", {"a": ["Bad"], "b": ["Worse"]}),
    "a-list": (["Bad", "Worse"], "Bad; Worse", None),
    "an-object": (object(), "Unprocessable Entity", None),
}

# An error of Werkzeug, and the header that it brings.
HEADED: dict[str, tuple[Callable[[], HTTPException], str, str]] = {
    "soon": (lambda: TooManyRequests(retry_after=30), "Retry-After", "30"),
    "later": (
        lambda: ServiceUnavailable(retry_after=datetime(2030, 1, 1, tzinfo=UTC)),
        "Retry-After",
        "Tue, 01 Jan 2030 00:00:00 GMT",
    ),
    "digest": (
        lambda: Unauthorized(www_authenticate=WWWAuthenticate("digest", {"realm": "a"})),
        "WWW-Authenticate",
        'Digest realm="a"',
    ),
    "range": (lambda: RequestedRangeNotSatisfiable(7), "Content-Range", "bytes */7"),
    "method": (lambda: MethodNotAllowed(["PUT", "GET"]), "Allow", "GET, PUT"),
}


class Broken(LibraryResource):
    """It fails in unforeseen ways."""

    def get(self) -> Any:
        """Raise an error that no handler knows."""
        raise RuntimeError(SECRET)


@requires_role("keeper")
class Locked(LibraryResource):
    """The class asks for a role, and one method for less."""

    def get(self) -> Any:
        """Open the lock."""
        return "open"

    @requires_login
    @ignores_credentials
    def put(self) -> Any:
        """Look at the lock."""
        return "shut"


class Guarded(LibraryResource):
    """The library's attribute asks for a login, and counts."""

    method_decorators = [requires_login, limited("RATELIMIT_REGISTER")]  # noqa: RUF012

    def get(self) -> Any:
        """Show the caller."""
        return {"caller": g.user_id}


class Twice(LibraryResource):
    """Both look at the token."""

    method_decorators = [jwt_required()]  # noqa: RUF012

    @jwt_required(optional=True)
    def get(self) -> Any:
        """Need a token all the same."""
        return "read"


class Tokens(LibraryResource):
    """Flask-JWT-Extended's decorator asks for tokens."""

    @jwt_required()
    def get(self) -> Any:
        """Need an access token."""
        return "read"

    @jwt_required(optional=True)
    def post(self) -> Any:
        """Need none."""
        return "posted"

    @jwt_required(refresh=True)
    def put(self) -> Any:
        """Need a refresh token."""
        return "put"

    @jwt_required(verify_type=False)
    def patch(self) -> Any:
        """Need either."""
        return "patched"

    @jwt_required(fresh=True)
    def delete(self) -> Any:
        """Need a fresh one."""
        return "deleted"


@cached
class Kept(LibraryResource):
    """It asks to be cached as a whole, its writes and what is not for everyone included."""

    def get(self, kind: str) -> Any:
        """Show something of a kind."""
        response = make_response({"kind": kind})
        match kind:
            case "cookie":
                response.set_cookie("sid", "s")
            case "private":
                response.headers["Cache-Control"] = "private"
            case "language":
                response.vary.add("Accept-Language")
            case "public":
                response.headers["Cache-Control"] = "public, max-age=60"
            case "file":
                return send_file(io.BytesIO(b"\xff"), mimetype="application/octet-stream")
            case "stream":
                return Response(part for part in ("a", "b"))
            case "bytes":
                return Response(b"\xff", mimetype="image/png")
        return response

    @ignores_credentials
    def post(self, kind: str) -> Any:
        """Store something of a kind."""
        return {"stored": kind}, 201


class Elsewhere(LibraryResource):
    """It answers every verb in one method."""

    methods = ("GET", "POST")

    def dispatch_request(self) -> Any:
        """Answer."""
        return Response("anything")


class Probed(LibraryResource):
    """It has methods of its own for what Flask would answer."""

    def head(self) -> Any:
        """Show how much there is."""
        return None, 200, {"X-Total": "3"}

    def options(self) -> Any:
        """Show what is possible."""
        return {"sorts": ["name"]}


class Mixed(LibraryResource):
    """Our decorators read and represent, the library carries."""

    @ignores_credentials
    @accepts(ThingIn)
    @returns(ThingOut, status=201)
    def post(self, data: dict[str, Any]) -> Thing:
        """Show what a thing would be."""
        return Thing(id=7, **data)


BROUGHT: dict[str, Any] = {
    "/echo": Echo,
    "/refusing/<way>": Refusing,
    "/broken": Broken,
    "/locked": Locked,
    "/guarded": Guarded,
    "/jwt": Tokens,
    "/twice": Twice,
    "/mixed": Mixed,
    "/probed": Probed,
    "/kept/<kind>": Kept,
    "/elsewhere": Elsewhere,
}
VERSIONS = [Version("1.0", ROUTES | BROUGHT), Version("2.0", ROUTES | BROUGHT)]


@pytest.fixture(scope="module")
def brought(app: Flask) -> Iterator[Flask]:
    """An application with resources of the library, in two versions."""
    with another_kit_app(app, VERSIONS) as brought:
        yield brought


@pytest.fixture
def client(brought: Flask) -> Client:
    return new_client(brought)


def test_write_that_says_nothing_needs_a_login(brought: Flask, client: Client) -> None:
    assert refusal(client.put("/echo")) == (401, "Missing or malformed token")
    assert caller_of(brought, 7).put("/echo").json == {"caller": 7}


def test_responses_are_cached_by_query_and_by_representation(
    brought: Flask, client: Client
) -> None:
    def ask(path: str, accept: str = "application/json") -> tuple[str, str]:
        response = client.get(path, headers={"Accept": accept})
        assert "Accept" in response.headers["Vary"]
        return response.headers["X-Cache"], response.text.strip()

    first, second, text = (
        ask("/echo?for=a"),
        ask("/echo?for=b"),
        ask("/echo?for=a", accept="text/plain"),
    )
    assert [cache for cache, _ in (first, second, text)] == ["MISS"] * 3
    assert len({body for _, body in (first, second, text)}) == 3
    assert ask("/echo?for=a") == ("HIT", first[1])
    assert ask("/echo?for=a", accept="text/plain") == ("HIT", text[1])
    make_thing(brought, "new")
    cache, body = ask("/echo?for=a")
    assert (cache, "new" in body) == ("MISS", True)


def test_head_options_and_unknown_verbs_are_answered(client: Client) -> None:
    assert client.head("/echo").status_code == client.get("/echo").status_code == 200
    assert client.options("/echo").json == {"caller": None}
    refused = client.patch("/echo")
    assert refused.status_code == 405
    assert set(refused.headers["Allow"].split(", ")) >= {"DELETE", "GET", "HEAD", "POST", "PUT"}


def test_limits_are_counted(client: Client, brought: Flask, monkeypatch: Any) -> None:
    monkeypatch.setitem(brought.config, "RATELIMIT_REGISTER", "2 per hour")
    answers = [client.post("/echo", json={"a": 1}) for _ in range(3)]
    assert [response.status_code for response in answers] == [201, 201, 429]
    assert answers[0].headers["X-RateLimit-Limit"] == "2"
    assert answers[0].headers["X-Own"] == "yes"
    assert "Retry-After" in answers[2].headers
    assert client.get("/echo").status_code == 200


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({"data": b"{"}, "The body is not valid JSON"),
        ({"data": b'"\xff"'}, "The body is not valid JSON"),
        ({"data": b""}, "No input data provided"),
    ],
)
def test_bad_json_is_400(client: Client, sent: dict[str, Any], detail: str) -> None:
    response = client.post("/echo", headers={"Content-Type": "application/json"}, **sent)
    assert refusal(response) == (400, detail)


def test_body_that_breaks_off_is_400(client: Client) -> None:
    sent = {"headers": {"Content-Type": "application/json"}}
    assert refusal(client.post_unreadable("/echo", **sent)) == (400, "The body can't be read")


def test_refusal_that_a_method_returns_is_a_problem(client: Client) -> None:
    response = client.delete("/echo")
    assert refusal(response) == (404, "No such echo")
    assert response.mimetype == "application/problem+json"
    # What it says besides is for clients as well.
    assert response.json["known"] == ["get"]
    assert response.json["request_id"] == response.headers["X-Request-ID"]


@pytest.mark.parametrize("way", REFUSALS)
def test_refusal_keeps_its_text_and_its_fields(client: Client, way: str) -> None:
    _, text, errors = REFUSALS[way]
    response = client.get(f"/refusing/{way}")
    assert refusal(response) == (409, text)
    assert response.mimetype == "application/problem+json"
    body: Any = response.json
    assert body.get("errors") == errors


@pytest.mark.parametrize("way", DESCRIPTIONS)
def test_what_flask_aborts_with_is_kept(client: Client, way: str) -> None:
    _, text, errors = DESCRIPTIONS[way]
    response = client.get(f"/refusing/{way}")
    assert refusal(response) == (422, text)
    body: Any = response.json
    assert body.get("errors") == errors


def test_only_what_json_has_is_an_extension(client: Client) -> None:
    body: Any = client.get("/refusing/nan").json
    assert "a" not in body


def test_returned_data_without_a_text_is_an_extension(client: Client) -> None:
    assert client.get("/refusing/numbers").json["data"] == [1, 2]


@pytest.mark.parametrize("way", HEADED)
def test_headers_of_an_error_are_kept(client: Client, way: str) -> None:
    _, name, value = HEADED[way]
    response = client.post(f"/refusing/{way}")
    assert response.mimetype == "application/problem+json"
    assert response.headers.getlist(name) == [value]


def test_refusals_of_werkzeug_say_what_they_are_about(client: Client) -> None:
    assert refusal(client.get("/refusing/slow")) == (429, "Slow down")
    missing = client.get("/refusing/key")
    assert refusal(missing) == (400, "Validation failed")
    assert missing.json["errors"] == {"key": ["Missing data for required field."]}


def test_crash_tells_nothing(app: Flask) -> None:
    with another_kit_app(app, VERSIONS, "production") as production:
        response = new_client(production).get("/broken")
    assert refusal(response) == (500, "Something went wrong on our side")
    assert SECRET not in response.text


def test_class_asks_for_what_its_methods_say_nothing_about(brought: Flask, client: Client) -> None:
    assert client.get("/locked").status_code == 401
    assert caller_of(brought).get("/locked").status_code == 403
    assert caller_of(brought, 1, "keeper").get("/locked").json == "open"


def test_method_decorators_may_be_ours(
    brought: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(brought.config, "RATELIMIT_REGISTER", "2 per hour")
    assert client.get("/guarded").status_code == 401
    caller = caller_of(brought, 7)
    assert [caller.get("/guarded").status_code for _ in range(3)] == [200, 200, 429]


def test_jwt_required_is_read_like_our_own_decorators(brought: Flask, client: Client) -> None:
    with brought.app_context():
        tokens = {
            "none": {},
            "access": bearer(create_access_token("1")),
            "refresh": bearer(create_refresh_token("1")),
        }
    statuses = {
        verb: [client.open("/jwt", method=verb, headers=t).status_code for t in tokens.values()]
        for verb in ("GET", "POST", "PUT", "PATCH")
    }
    assert statuses == {
        "GET": [401, 200, 401],
        "POST": [200, 200, 401],
        "PUT": [401, 401, 200],
        "PATCH": [401, 200, 200],
    }
    stale = client.delete("/jwt", headers=tokens["access"])
    assert refusal(stale) == (401, "A fresh token is required")
    assert stale.mimetype == "application/problem+json"
    paths = client.get("/openapi.json").json["paths"]
    described = paths["/jwt"]
    schemes = {verb: described[verb.lower()]["security"] for verb in statuses}
    access: dict[str, Any] = {"bearer": []}
    refresh: dict[str, Any] = {"refresh": []}
    assert schemes == {
        "GET": [access],
        "POST": [{}, access],
        "PUT": [refresh],
        "PATCH": [access, refresh],
    }
    assert client.get("/twice").status_code == 401
    assert paths["/twice"]["get"]["security"] == [access]


def test_only_reads_are_answered_from_the_cache(client: Client) -> None:
    caches = [client.get("/kept/text").headers["X-Cache"] for _ in range(2)]
    assert caches == ["MISS", "HIT"]
    assert client.post("/kept/text").json == {"stored": "text"}


@pytest.mark.parametrize("kind", ["cookie", "private", "language", "file", "stream", "bytes"])
def test_what_is_not_text_for_everyone_is_not_kept(client: Client, kind: str) -> None:
    for _ in range(2):
        with client.get(f"/kept/{kind}") as response:
            assert (response.status_code, response.headers["X-Cache"]) == (200, "MISS")
            assert "Authorization" in response.headers["Vary"]


def test_answer_to_a_caller_is_private(brought: Flask, client: Client) -> None:
    assert client.get("/kept/public").cache_control.public
    answer = caller_of(brought).get("/kept/public").cache_control
    assert (answer.private, answer.public, answer.max_age) == (True, False, 60)


@pytest.mark.parametrize(("verb", "status"), [("GET", 200), ("POST", 401)])
def test_resource_may_answer_in_one_method(client: Client, verb: str, status: int) -> None:
    assert client.open("/elsewhere", method=verb).status_code == status


def test_our_schemas_read_and_represent(client: Client) -> None:
    response = client.post("/mixed", json={"name": "a thing"})
    assert (response.status_code, response.json) == (
        201,
        {"id": 7, "name": "a thing", "tags": []},
    )
    assert faults(client.post("/mixed", json={"name": ""})) == {"name"}


def test_head_and_options_are_documented_where_a_resource_has_them(client: Client) -> None:
    assert client.head("/probed").headers["X-Total"] == "3"
    assert client.options("/probed").json == {"sorts": ["name"]}
    paths = client.get("/openapi.json").json["paths"]
    probed = paths["/probed"]
    assert {verb: operation["summary"] for verb, operation in probed.items() if verb in VERBS} == {
        "head": "Show how much there is",
        "options": "Show what is possible",
    }
    assert "200" in probed["head"]["responses"]
    assert not any("content" in response for response in probed["head"]["responses"].values())
    assert probed["options"]["security"] == []
    assert "429" not in probed["options"]["responses"]
    assert paths["/jwt"].keys() & VERBS == {"get", "post", "put", "patch", "delete"}


def test_representations_of_a_resource_are_documented(client: Client) -> None:
    echo = client.get("/openapi.json").json["paths"]["/echo"]
    media_types = echo["get"]["responses"]["200"]["content"].keys()
    assert media_types == {"text/plain", "application/json"}
    assert echo["delete"]["responses"]["401"]["$ref"].endswith("Problem401")


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.number)
def test_each_version_has_them(client: Client, version: Version) -> None:
    path, headers = f"{version.base}/echo?for=a", asking(version.number)
    response = client.get(path, headers=headers)
    assert response.json["for"] == "a"
    assert response.headers["API-Version"] == version.number
    document = client.get(f"{version.base}/openapi.json", headers=headers).json
    paths = {path.replace("<", "{").replace(">", "}") for path in BROUGHT}
    assert paths <= document["paths"].keys()


def test_anything_else_in_the_table_is_refused_at_start(app: Flask) -> None:
    routes: dict[str, Any] = {"/nothing": "nothing"}
    versions = [Version("1.0", routes)]
    with pytest.raises(ConfigError, match="/nothing"), another_kit_app(app, versions):
        pass


class Other:
    """Another module, which may have classes of the same names."""

    class Echo(LibraryResource):
        """It shows nothing."""

        def get(self) -> Any:
            """Show nothing."""
            return {}


@pytest.mark.parametrize("resource", [Other.Echo, Echo])
def test_endpoint_that_is_taken_is_refused_at_start(app: Flask, resource: Any) -> None:
    versions = [Version("1.0", {"/echo": Echo, "/other": resource})]
    with pytest.raises(ConfigError, match=r"/other': .*Echo"), another_kit_app(app, versions):
        pass
