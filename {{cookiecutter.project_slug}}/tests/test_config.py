"""Settings: what can't be read or must not be used is refused in one line that names it."""

from datetime import timedelta

import jwt
import pytest
from flask import Flask
from sqlalchemy import {{ 'make_url, ' if cookiecutter.database != 'sqlite' }}select

from app import db
from app.config import ConfigError, load_config
{% if cookiecutter.database != 'sqlite' %}
from app.health import require_database
{% endif %}
from app.backend.base import utcnow
from app.models.session import Session
from tests.support.apps import other_app, production
from tests.support.client import new_client
from tests.factories import PASSWORD, make_user

DATABASE = "{{ 'sqlite:///app.db' if cookiecutter.database == 'sqlite' else cookiecutter.database ~ '://localhost/app' }}"
STRONG = "kM3vXq9TzB7wYc2LfR8sHd5NpJ6gUeA1"  # 32 bytes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLASK_CONFIG", "staging"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "0"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "15 minutes"),
        ("JWT_REFRESH_TOKEN_EXPIRES", "-1"),
        ("JWT_REFRESH_TOKEN_EXPIRES", "899"),
        ("JWT_REFRESH_TOKEN_EXPIRES", "٣"),
        ("TEST_DATABASE_URL", "nonsense"),
        ("TEST_DATABASE_URL", "oracle://localhost/app"),
{% if cookiecutter.database != 'sqlite' %}
        ("TEST_DATABASE_URL", "{{ cookiecutter.database }}://localhost"),
        ("TEST_DATABASE_URL", "{{ cookiecutter.database }}://localhost:port/app"),
{% endif %}
{% if cookiecutter.database == 'sqlite' %}
        ("TEST_DATABASE_URL", "sqlite://localhost/app.db"),
        ("TEST_DATABASE_URL", "sqlite:///app.db?timeout=long"),
{% elif cookiecutter.database == 'mysql' %}
        ("TEST_DATABASE_URL", "mysql://localhost/app?connect_timeout=long"),
{% endif %}
        ("RATELIMIT_ENABLED", "maybe"),
        ("RATELIMIT_DEFAULT", "often"),
        ("RATELIMIT_LOGIN", "5 per fortnight"),
        ("RATELIMIT_REGISTER", ";"),
        ("RATELIMIT_STORAGE_URI", "ftp://localhost"),
{% if cookiecutter.limiter_backend != 'memory' %}
        ("RATELIMIT_STORAGE_URI", "{{ cookiecutter.limiter_backend }}://localhost:port"),
{% endif %}
{% if cookiecutter.limiter_backend == 'memcached' %}
        ("RATELIMIT_STORAGE_URI", "memcached://"),
{% endif %}
        ("CACHE_TYPE", "simple"),
        ("CACHE_DEFAULT_TIMEOUT", "0"),
{% if cookiecutter.cache_backend == 'redis' %}
        ("CACHE_REDIS_URL", "localhost:6379"),
        ("CACHE_REDIS_URL", "redis://localhost:port/0"),
{% elif cookiecutter.cache_backend == 'memcached' %}
        ("CACHE_MEMCACHED_SERVERS", "localhost:port"),
{% endif %}
        ("API_DOCS_ENABLED", "2"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "1.5"),
        ("CORS_ORIGINS", "https://*.example.org"),
        ("CORS_ORIGINS", "https://example.org/, example.com"),
        ("LOG_LEVEL", "LOUD"),
        ("MAX_CONTENT_LENGTH", "1M"),
        ("MAX_CONTENT_LENGTH", "9" * 5000),
    ],
    ids=lambda text: text[:40],
)
def test_setting_that_cannot_be_read_is_refused_by_name(name: str, value: str) -> None:
    config_name = None if name == "FLASK_CONFIG" else "testing"
    with pytest.raises(ConfigError) as refused:
        load_config(config_name, {name: value})
    assert refused.value.message.startswith(f"{name} ")
    assert "\n" not in refused.value.message


{% if cookiecutter.database != 'sqlite' %}
def test_parameter_that_the_driver_does_not_know_is_refused_by_name(database_url: str) -> None:
    url = make_url(database_url).update_query_dict({"reconnect": "true"})
    address = url.render_as_string(hide_password=False)
    with (
        other_app(TEST_DATABASE_URL=address) as app,
        pytest.raises(ConfigError, match="reconnect") as refused,
    ):
        require_database(app)
    assert refused.value.message.startswith("TEST_DATABASE_URL: no connection to ")
    assert "\n" not in refused.value.message


{% endif %}
def test_empty_setting_counts_as_not_set() -> None:
    config = load_config("testing", {"JWT_ACCESS_TOKEN_EXPIRES": "", "LOG_LEVEL": " "})
    assert config.JWT_ACCESS_TOKEN_EXPIRES == 900
    assert config.LOG_LEVEL == "INFO"


@pytest.mark.parametrize(("text", "meaning"), [("1", True), ("Yes", True), ("OFF", False)])
def test_switch_may_be_said_in_several_words(text: str, meaning: bool) -> None:
    assert load_config("testing", {"API_DOCS_ENABLED": text}).API_DOCS_ENABLED is meaning


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET_KEY"])
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
def test_production_refuses_a_weak_secret(name: str, value: str, fault: str) -> None:
    settings = {**production(DATABASE), name: value}
    with pytest.raises(ConfigError, match=f"^{name} {fault}"):
        load_config("production", settings)


def test_production_accepts_a_strong_secret() -> None:
    settings = production(DATABASE)
    config = load_config(None, {**settings, "SECRET_KEY": STRONG})
    assert config.SECRET_KEY == STRONG


def test_production_is_what_runs_where_nothing_is_said() -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        load_config(None, {"DATABASE_URL": DATABASE})


def test_production_has_limits_unless_others_are_set() -> None:
    config = load_config("production", production(DATABASE))
    assert config.RATELIMIT_ENABLED
    assert config.RATELIMIT_DEFAULT == "300 per minute"
    assert config.RATELIMIT_LOGIN == "5 per minute;20 per hour"
    assert config.RATELIMIT_REGISTER == "10 per hour"


def test_development_makes_secrets_up_anew() -> None:
    first, second = load_config("development", {}), load_config("development", {})
    assert len(first.JWT_SECRET_KEY) >= 32
    assert first.JWT_SECRET_KEY != second.JWT_SECRET_KEY

{% if cookiecutter.__redis or cookiecutter.__memcached %}

@pytest.mark.parametrize("prefix", [{{ '"CACHE_KEY_PREFIX"' if cookiecutter.cache_backend != 'simple' }}{{ ', ' if not cookiecutter.__in_process }}{{ '"RATELIMIT_KEY_PREFIX"' if cookiecutter.limiter_backend != 'memory' }}])
def test_environments_with_the_same_stores_share_nothing_there(prefix: str) -> None:
    settings = production(DATABASE)
    names = ("development", "testing", "production")
    prefixes = {getattr(load_config(name, settings), prefix) for name in names}
    assert len(prefixes) == len(names)

{% endif %}

{% if cookiecutter.database == 'sqlite' %}
def test_environments_have_databases_of_their_own() -> None:
    settings = production("")
    names = ("development", "testing", "production")
    databases = {load_config(name, settings).SQLALCHEMY_DATABASE_URI for name in names}
    assert len(databases) == len(names)


@pytest.mark.parametrize(
    "address",
    ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///file:/app?mode=memory&uri=true"],
)
def test_production_refuses_a_database_in_memory(address: str) -> None:
    with pytest.raises(ConfigError, match=r"^DATABASE_URL must name a file: .*\.$"):
        load_config("production", production(address))
{% else %}
def test_production_has_no_database_of_its_own() -> None:
    with pytest.raises(ConfigError, match=r"^DATABASE_URL is not set\.$"):
        load_config("production", production(""))


@pytest.mark.parametrize(
    ("given", "read"),
    [
{% if cookiecutter.database == 'postgresql' %}
        ("postgres://u:p@db/app", "postgresql+psycopg://u:p@db/app"),
        (
            "postgresql://u:p@db/app?sslmode=require&channel_binding=require",
            "postgresql+psycopg://u:p@db/app?sslmode=require&channel_binding=require",
        ),
        ("postgresql+psycopg://u:p@db/app", "postgresql+psycopg://u:p@db/app"),
{% else %}
        ("mysql://u:p@db/app", "mysql+pymysql://u:p@db/app"),
        ("mariadb://u:p@db/app", "mysql+pymysql://u:p@db/app"),
        (
            "mysql+pymysql://u:p@db/app?charset=utf8mb4&ssl_check_hostname=true",
            "mysql+pymysql://u:p@db/app?charset=utf8mb4&ssl_check_hostname=true",
        ),
        ("mariadb+pymysql://u:p@db/app", "mysql+pymysql://u:p@db/app"),
{% endif %}
    ],
)
def test_address_of_a_hosting_platform_is_understood(given: str, read: str) -> None:
    config = load_config("testing", {"TEST_DATABASE_URL": given})
    assert read == config.SQLALCHEMY_DATABASE_URI


def test_password_of_the_database_is_not_told() -> None:
    with pytest.raises(ConfigError) as refused:
        load_config("testing", {"TEST_DATABASE_URL": "{{ cookiecutter.database }}://app:hunter2@db:port/app"})
    assert "hunter2" not in refused.value.message
{% endif %}


def test_size_of_a_body_is_a_setting(app: Flask) -> None:
    with other_app(MAX_CONTENT_LENGTH="30") as other:
        client = new_client(other)
        assert client.post("/auth/login", json={"username": "ada"}).status_code == 422
        assert client.post("/auth/login", json={"username": "a" * 30}).status_code == 413


def test_life_of_a_token_is_a_setting(app: Flask) -> None:
    user = make_user(app)
    settings = {"JWT_ACCESS_TOKEN_EXPIRES": "77", "JWT_REFRESH_TOKEN_EXPIRES": "99"}
    with other_app(**settings) as other:
        client = new_client(other)
        before = utcnow()
        response = client.log_in(user.username, PASSWORD)
        assert response.json["expires_in"] == 77
        for token, seconds in ((client.access_token, 77), (client.refresh_token, 99)):
            claims = jwt.decode(token, options={"verify_signature": False})
            assert claims["exp"] - claims["iat"] == seconds
        with other.app_context():
            (session,) = db.session.scalars(select(Session))
        assert timedelta(0) <= session.expires_at - before - timedelta(seconds=99) < timedelta(9)


def test_level_of_the_log_is_a_setting(app: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    for level, lines in (("INFO", 1), ("WARNING", 0)):
        with other_app(LOG_LEVEL=level) as other:
            capfd.readouterr()
            new_client(other).get("/healthz")
            assert capfd.readouterr().err.count("GET /healthz 200") == lines


def test_browsers_of_other_origins_are_let_in_only_by_name(app: Flask) -> None:
    origin = "https://www.example.com"
    with other_app(CORS_ORIGINS=f"https://example.org, {origin}") as other:
        client = new_client(other)
        allowed = client.get("/posts", headers={"Origin": origin})
        assert allowed.headers["Access-Control-Allow-Origin"] == origin
        exposed = allowed.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"ETag", "Link", "X-Request-ID"} <= set(exposed)
        preflight = client.options(
            "/posts",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "Authorization, Content-Type",
            },
        )
        assert preflight.status_code == 200
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
        stranger = client.get("/posts", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in stranger.headers


@pytest.mark.parametrize("origins", ["https://example.org", "https://example.org, https://a.test"])
def test_caches_are_told_that_origins_get_different_answers(app: Flask, origins: str) -> None:
    with other_app(CORS_ORIGINS=origins) as other:
        client = new_client(other)
        for origin in ("https://example.org", "https://evil.example", None):
            response = client.get("/posts", headers={"Origin": origin} if origin else {})
            # In one line: a cache may look at the last one only.
            assert len(response.headers.getlist("Vary")) == 1
            assert {"Origin", "Authorization"} <= set(response.vary), origin


def test_permission_for_every_origin_is_one_answer(app: Flask) -> None:
    with other_app(CORS_ORIGINS="*") as other:
        response = new_client(other).get("/posts", headers={"Origin": "https://example.org"})
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Origin" not in response.vary


def test_no_other_origin_is_let_in_by_default(app: Flask) -> None:
    response = new_client(app).get("/posts", headers={"Origin": "https://www.example.com"})
    assert "Access-Control-Allow-Origin" not in response.headers
