"""Settings: what can't be read is refused in one line that names the variable."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import Client as Visitor

from app.backend.settings import (
    ConfigError,
    Settings,
    choice,
    flag,
    items,
    load_env_file,
    optional_secret,
    origins,
    path,
    rate_limits,
    secret,
    text,
    whole_number,
)
from tests.kit.things import VERSIONS, another_kit_app, caller_of
from tests.support.answers import links
from tests.support.client import bearer, new_client

STRONG = "kM3vXq9TzB7wYc2LfR8sHd5NpJ6gUeA1"  # 32 bytes
ORIGIN = "https://www.example.com"
NAMED = {"name": "a thing"}


class Example(Settings):
    """A setting of each kind."""

    CONSTANT = 7
    WORD = text("default")
    NUMBER = whole_number(900, minimum=1, maximum=1000)
    PLACE = path("/")
    SWITCH = flag(True)
    CHOICE = choice("one", "two")
    LIST = items(str, "a, b")
    ORIGINS = origins()
    LIMITS = rate_limits("5 per minute")
    PASSPHRASE = optional_secret()


class Strict(Example):
    """A secret that has to be set, and a rule about two settings."""

    PASSPHRASE = secret()

    def check(self) -> None:
        if self.CHOICE == self.WORD:
            raise ConfigError("CHOICE and WORD are the same.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NUMBER", "0"),
        ("NUMBER", "1001"),
        ("NUMBER", "-1"),
        ("NUMBER", "1.5"),
        ("NUMBER", "1_000"),
        ("NUMBER", "15 minutes"),
        ("NUMBER", "٣"),
        ("NUMBER", "9" * 5000),
        ("PLACE", "shop"),
        ("PLACE", "/shop/"),
        ("PLACE", "//shop"),
        ("SWITCH", "maybe"),
        ("SWITCH", "2"),
        ("CHOICE", "three\nlines\nlong"),
        ("CHOICE", "One"),
        ("ORIGINS", "https://*.example.org"),
        ("ORIGINS", "https://example.org, example.com"),
        ("ORIGINS", ","),
        ("ORIGINS", "null"),
        ("ORIGINS", "https://example.org/"),
        ("ORIGINS", "https://example.org:65536"),
        ("ORIGINS", "http://[1::2::3]"),
        ("ORIGINS", "http://::1"),
        ("ORIGINS", "https://ada@example.org"),
        ("LIMITS", "often"),
        ("LIMITS", "5 per fortnight"),
        ("LIMITS", ";"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_value_that_cannot_be_read_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{name} must be .*, not .*\.$") as refused:
        Example({name: value})
    assert len(refused.value.message) < 200


def test_values_have_their_type() -> None:
    example = Example(
        {"NUMBER": " 30 ", "CHOICE": "two", "LIST": "x,y ,z", "ORIGINS": f"{ORIGIN}, http://a:81"}
    )
    assert example.NUMBER == 30
    assert example.CHOICE == "two"
    assert example.LIST == ["x", "y", "z"]
    assert [ORIGIN, "http://a:81"] == example.ORIGINS


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("HTTPS://Www.Example.ORG:443", "https://www.example.org"),
        ("http://example.org:443", "http://example.org:443"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[0:0::1]:3000", "http://[::1]:3000"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
    ],
)
def test_origin_is_read_into_the_form_that_browsers_send(app: Flask, given: str, sent: str) -> None:
    with another_kit_app(app, CORS_ORIGINS=f"{given}, {ORIGIN}") as other:
        for origin, allowed in ((sent, sent), (f"{sent}0", None), ("http://1:3000", None)):
            headers = {"Origin": origin}
            response = new_client(other).get("/door", headers=headers)
            assert response.headers.get("Access-Control-Allow-Origin") == allowed


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_variable_counts_as_not_set(empty: str) -> None:
    example = Example(dict.fromkeys(Example.variables(), empty))
    assert (example.WORD, example.NUMBER, example.SWITCH) == ("default", 900, True)
    assert (example.CHOICE, example.LIST, example.ORIGINS) == ("one", ["a", "b"], [])


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("1", True), ("Yes", True), ("on", True), ("OFF", False), ("no", False), ("0", False)],
)
def test_flag_may_be_set_in_several_words(value: str, meaning: bool) -> None:
    assert Example({"SWITCH": value}).SWITCH is meaning


def test_constant_is_not_read_from_the_environment() -> None:
    assert Example({"CONSTANT": "8"}).CONSTANT == 7
    assert "CONSTANT" not in Example.variables()


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "is not set"),
        (STRONG[:31], "is shorter than 32 bytes"),
        ("change-me-" + STRONG, "looks like an example"),
        ("your-secret-key-goes-right-in-here", "looks like an example"),
        ("PASSWORD" + STRONG, "looks like an example"),
        ("0123" * 10, "looks like an example"),
    ],
)
def test_weak_secret_is_refused_and_not_shown(value: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=f"^PASSPHRASE {fault}; ") as refused:
        Strict({"PASSPHRASE": value})
    assert not value or value not in refused.value.message


def test_strong_secret_is_accepted() -> None:
    assert Strict({"PASSPHRASE": STRONG}).PASSPHRASE == STRONG


def test_optional_secret_is_a_new_one_at_each_start() -> None:
    first, second = Example({}).PASSPHRASE, Example({}).PASSPHRASE
    assert len(first) >= 32
    assert first != second
    assert Example({"PASSPHRASE": "short"}).PASSPHRASE == "short"


def test_settings_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ConfigError, match="the same"):
        Strict({"PASSPHRASE": STRONG, "WORD": "one"})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"NAME=\xff\n", "utf-8"),
        (b"A=1\n\nNO VALUE\n", "line 3 is not NAME=value"),
        (b"NAME=a\0b\n", "null"),
        (None, "directory"),
    ],
    ids=["not UTF-8", "not NAME=value", "null", "directory"],
)
def test_env_file_that_cannot_be_read_is_refused(
    content: bytes | None, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"^\.env can't be read: .*{reason}.*\.$"):
        load_env_file(file)


def test_environment_wins_over_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET", "in the environment")
    monkeypatch.setenv("UNSET", "restored at the end")
    monkeypatch.delenv("UNSET")
    file = tmp_path / ".env"
    load_env_file(file)
    file.write_text("SET=in the file\nUNSET=in the file\n")
    load_env_file(file)
    assert os.environ["SET"] == "in the environment"
    assert os.environ["UNSET"] == "in the file"


def test_only_listed_origins_may_call(app: Flask) -> None:
    with another_kit_app(app, CORS_ORIGINS=f"https://example.org, {ORIGIN}") as other:
        client = new_client(other)
        allowed = client.post("/door", json=NAMED, headers={"Origin": ORIGIN})
        assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
        exposed = allowed.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"ETag", "Link", "X-Request-ID"} <= set(exposed)
        preflight = client.options(
            "/door",
            headers={
                "Origin": ORIGIN,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "Authorization, Content-Type",
            },
        )
        assert preflight.status_code == 200
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
        stranger = client.post("/door", json=NAMED, headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in stranger.headers


@pytest.mark.parametrize("origins", ["https://example.org", "https://example.org, https://a.test"])
def test_caches_are_told_that_origins_get_different_answers(app: Flask, origins: str) -> None:
    with another_kit_app(app, CORS_ORIGINS=origins) as other:
        client = new_client(other)
        for origin in ("https://example.org", "https://evil.example", None):
            headers = {"Origin": origin} if origin else {}
            response = client.post("/door", json=NAMED, headers=headers)
            # In one line: a cache may look at the last one only.
            assert len(response.headers.getlist("Vary")) == 1
            assert {"Origin", "Authorization"} <= set(response.vary), origin


def test_wildcard_origin_does_not_vary(app: Flask) -> None:
    with another_kit_app(app, CORS_ORIGINS="*") as other:
        response = new_client(other).post("/door", json=NAMED, headers={"Origin": ORIGIN})
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Origin" not in response.vary


def test_no_other_origin_is_let_in_by_default(app: Flask) -> None:
    response = new_client(app).post("/door", json=NAMED, headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in response.headers


def test_level_of_the_log_is_a_setting(app: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    for level, lines in (("INFO", 1), ("WARNING", 0)):
        with another_kit_app(app, LOG_LEVEL=level) as other:
            capfd.readouterr()
            new_client(other).get("/healthz")
            assert capfd.readouterr().err.count("GET /healthz 200") == lines


def test_size_of_a_body_is_a_setting(app: Flask) -> None:
    with another_kit_app(app, MAX_CONTENT_LENGTH="30") as other:
        client = new_client(other)
        assert client.post("/door", json={"name": ""}).status_code == 422
        assert client.post("/door", json={"name": "a" * 30}).status_code == 413


@pytest.mark.parametrize("sent", ["", "/shop"], ids=["stripped", "whole"])
def test_addresses_begin_with_the_path_below_which_proxies_serve(app: Flask, sent: str) -> None:
    version = replace(VERSIONS[0], successor="/next")
    with another_kit_app(app, (version,), APPLICATION_ROOT="/shop") as other:
        # A server's requests; Flask's test client sets the root itself.
        visitor, headers = Visitor(other), bearer(caller_of(other).access_token)
        created = visitor.post(f"{sent}{version.base}/things", json=NAMED, headers=headers)
        place = created.headers["Location"]
        assert place.startswith(f"/shop{version.base}/things/")
        assert visitor.get(place, headers=headers).json == created.json
        listed = visitor.get(f"{sent}{version.base}/things")
        assert links(listed)["first"] == f"/shop{version.base}/things"
        assert '</shop/next>; rel="successor-version"' in listed.headers.getlist("Link")
        document = visitor.get(f"{sent}{version.base}/openapi.json").json
        assert document["servers"] == [{"url": f"/shop{version.base}"}]
        written = other.test_cli_runner().invoke(args=["openapi"]).output
        assert json.loads(written)["servers"] == document["servers"]


def test_server_that_strips_the_path_itself_is_believed(app: Flask) -> None:
    path = f"{VERSIONS[0].base}/openapi.json"
    document = Visitor(app).get(path, base_url="http://localhost/shop").json
    assert document["servers"] == [{"url": f"/shop{VERSIONS[0].base}"}]
    assert Visitor(app).get(path).json["servers"] == [{"url": VERSIONS[0].base}]
