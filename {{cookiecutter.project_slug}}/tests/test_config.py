"""The project's settings: what each environment has, and what .env.example says about them."""

import re
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.backend.base import utcnow
from app.backend.settings import ConfigError
from app.config import ENVIRONMENTS, load_config
from app.models.session import Session
from tests.factories import PASSWORD, make_user
from tests.support.apps import other_app, production
from tests.support.client import new_client

EXAMPLE = (Path(__file__).parent.parent / ".env.example").read_text("utf-8")


def test_unknown_environment_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^FLASK_CONFIG must be one of .*, not 'staging'\.$"):
        load_config(None, {"FLASK_CONFIG": "staging"})


def test_production_is_the_default(database_url: str) -> None:
    settings = {**production(database_url), "FLASK_CONFIG": ""}
    assert load_config(None, settings).ENVIRONMENT == "production"


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET_KEY"])
def test_production_refuses_a_weak_secret(name: str, database_url: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is shorter than 32 bytes"):
        load_config("production", {**production(database_url), name: "short"})


def test_development_needs_no_settings() -> None:
    assert len(load_config("development", {}).JWT_SECRET_KEY) >= 32


def test_production_has_limits_unless_others_are_set(database_url: str) -> None:
    config = load_config("production", production(database_url))
    assert config.RATELIMIT_ENABLED
    assert config.RATELIMIT_DEFAULT == "300 per minute"
    assert config.RATELIMIT_LOGIN == "5 per minute;20 per hour"
    assert config.RATELIMIT_REGISTER == "10 per hour"


def test_refresh_token_lives_as_long_as_an_access_token_at_least() -> None:
    with pytest.raises(ConfigError, match=r"^JWT_REFRESH_TOKEN_EXPIRES is less than"):
        load_config("testing", {"JWT_REFRESH_TOKEN_EXPIRES": "899"})


def test_example_lists_every_setting() -> None:
    listed = set(re.findall(r"(?m)^(?:# )?([A-Z][A-Z0-9_]*)=", EXAMPLE))
    for config in ENVIRONMENTS.values():
        assert set(config.variables().values()) <= listed


def test_example_shows_the_defaults(database_url: str) -> None:
    shown = dict(re.findall(r'(?m)^# ([A-Z][A-Z0-9_]*)="?([^"\n]*)"?$', EXAMPLE))
    required = production(database_url)
    del required["CACHE_TYPE"]
    example = vars(load_config("production", shown | required))
    assert example == vars(load_config("production", required))


def test_life_of_a_token_is_a_setting(app: Flask) -> None:
    user = make_user(app)
    with other_app(JWT_ACCESS_TOKEN_EXPIRES="77", JWT_REFRESH_TOKEN_EXPIRES="99") as other:
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
