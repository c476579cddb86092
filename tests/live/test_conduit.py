"""A project grown into Conduit passes RealWorld's collection, and its own suite.

The collection is no part of the kit: KIT_CONDUIT_COLLECTION names its file, and the published
document lies beside it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from conduit import differences, grow, lines_written, listed_differences, stale, table
from matrix.combinations import OPTIONS, Combination
from matrix.environments import environment
from matrix.services import Servers, free_port
from matrix.suites import KEPT, settings

from live.api import Api, listening, own_database, served
from live.programs import run, succeed

pytestmark = pytest.mark.xdist_group("conduit")

HERE = Path(__file__).resolve().parent
MOST_LINES = 600
# The collection has so many requests, and its text so many assertions. It asks for articles by this
# author and with this tag before it publishes any. Where there is one, it makes all assertions but
# those about lists that are empty, or about lists that can't have anything yet.
REQUESTS, WRITTEN, MADE = 32, 381, 347
AUTHOR = "johnjacob"
ARTICLE = {"title": "Dragons", "description": "Big.", "body": "Very.", "tagList": ["dragons"]}
PASSWORD = "Korrect-h0rse-battery"


def combinations() -> list[Combination]:
    """Each flavor on each database, with every kind of store and way to choose a version."""
    names = ("database", "cache_backend", "limiter_backend")
    rows = enumerate(zip(*(OPTIONS[name] for name in names), strict=True))
    return [
        Combination.of(
            **dict(zip(names, stores, strict=True)),
            api_flavor=flavor,
            versioning=OPTIONS["versioning"][(row + column) % 2],
        )
        for (row, stores), (column, flavor) in product(rows, enumerate(OPTIONS["api_flavor"]))
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take every combination for the long form, and two that share nothing for the short one."""
    if "conduit" in metafunc.fixturenames:
        every = combinations()
        chosen = every if metafunc.config.getoption("--long") else [every[0], every[-1]]
        metafunc.parametrize("conduit", chosen, ids=str, indirect=True, scope="module")


@dataclass
class Conduit:
    """A grown project, its settings in development, and how it is served."""

    api: Api
    env: dict[str, str]

    @property
    def base(self) -> str:
        """The address below which version 2 is."""
        return self.api.base.replace("/v1", "/v2")

    def run(self, program: str, *words: str) -> str:
        """Run a program of the project and return what it prints."""
        return run_in(self.api.project, self.env, program, *words)


def run_in(project: Path, env: dict[str, str], program: str, *words: str) -> str:
    """Run a program of the project's environment or the system, and return what it prints."""
    own = environment(project).parent / program
    return succeed(own if own.exists() else program, *words, folder=project, **env)


@pytest.fixture(scope="module")
def conduit(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Conduit]:
    """A project that followed the page, served in production with its limits."""
    combination: Combination = request.param
    env = {name: os.environ[name] for name in KEPT if name in os.environ}
    env |= {
        "FLASK_CONFIG": "development",
        # What mypy knows of the packages serves the next project.
        "MYPY_CACHE_DIR": str(tmp_path_factory.getbasetemp() / "mypy-conduit"),
    }

    def follow_the_page(project: Path) -> None:
        env.update(settings(combination, servers))
        with own_database(project, environment(project).parent, env) as url:
            development = {**env, "DEV_DATABASE_URL": url}

            def run(program: str, *words: str) -> str:
                return run_in(project, development, program, *words)

            run("flask", "db", "upgrade")
            grow(project, run)

    folder = tmp_path_factory.mktemp(combination.name)
    with served(
        combination,
        servers,
        folder,
        follow_the_page,
        RATELIMIT_ENABLED="true",
        # For clients that name no version; where the address names it, nothing reads this.
        API_DEFAULT_VERSION="2.0",
    ) as api:
        yield Conduit(api, env)


@pytest.fixture(scope="session")
def collection() -> Path:
    """RealWorld's collection, which whoever runs the tests has to have."""
    named = os.environ.get("KIT_CONDUIT_COLLECTION")
    if not named:
        pytest.skip("KIT_CONDUIT_COLLECTION doesn't say where RealWorld's collection is")
    return Path(named).resolve(strict=True)


def register(base: str, username: str) -> str:
    """Register a user and return their token."""
    account = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
    registered = requests.post(f"{base}/users", json={"user": account}, timeout=30)
    assert registered.status_code == 201, registered.text
    token: str = registered.json()["user"]["token"]
    return token


def publish_before(conduit: Conduit) -> None:
    """Publish the article that the collection looks for first."""
    headers = {"Authorization": f"Token {register(conduit.base, AUTHOR)}"}
    published = requests.post(
        f"{conduit.base}/articles", json={"article": ARTICLE}, headers=headers, timeout=30
    )
    assert published.status_code == 201, published.text


def test_collection_passes(
    conduit: Conduit, collection: Path, node: Path, tmp_path: Path, capsys: Any
) -> None:
    assert collection.read_text("utf-8").count("tests[") == WRITTEN
    publish_before(conduit)
    report = tmp_path / "newman.json"
    variables = {
        "APIURL": conduit.base,
        "USERNAME": "jane",
        "EMAIL": "jane@mail.example",
        "PASSWORD": PASSWORD,
    }
    done = run(
        *(node / "node_modules/.bin/newman", "run", collection),
        *(word for pair in variables.items() for word in ("--global-var", "=".join(pair))),
        *("--reporters", "json", "--reporter-json-export", report),
        folder=tmp_path,
    )
    assert report.exists(), done.stdout + done.stderr
    made = json.loads(report.read_text("utf-8"))["run"]
    assert [failure["error"]["message"] for failure in made["failures"]] == []
    counts = {kind: made["stats"][kind] for kind in ("requests", "assertions")}
    assert {kind: count["failed"] for kind, count in counts.items()} == dict.fromkeys(counts, 0)
    assert counts["requests"]["total"] == REQUESTS
    assert counts["assertions"]["total"] == MADE
    assert {execution["response"]["code"] for execution in made["executions"]} <= {200, 201, 204}
    assert "Traceback" not in conduit.api.log.read_text("utf-8")
    with capsys.disabled():
        print(f"\n{conduit.api.combination}: {REQUESTS} requests, {MADE} assertions, none failed")


@pytest.mark.long
def test_generated_requests_are_answered_as_documented(conduit: Conduit, tmp_path: Path) -> None:
    api, port = conduit.api, free_port()
    command = [str(api.programs / "gunicorn"), "wsgi:app", "--bind", f"127.0.0.1:{port}"]
    env = {**api.env, "RATELIMIT_ENABLED": "false"}
    base = conduit.base.replace(api.origin, f"http://127.0.0.1:{port}")
    with listening(command, port, tmp_path / "server.log", cwd=api.project, env=env):
        done = run(
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", HERE / "schemathesis.toml", "run", f"{base}/openapi.json"),
            *("--checks", "all", "--max-examples", "50", "--continue-on-failure"),
            # A new title moves an article: its old address is gone.
            *("--exclude-checks", "ensure_resource_availability"),
            *("--generation-database", "none"),
            folder=tmp_path,
            PYTHONPATH=str(HERE.parent),
            SCHEMATHESIS_HOOKS="live.authorized",
            KIT_API_CREDENTIALS=f"Token {register(base, 'ada')}",
        )
    assert done.returncode == 0, done.stdout + done.stderr


def test_document_differs_from_the_published_one_as_listed(
    conduit: Conduit, collection: Path
) -> None:
    published = yaml.safe_load((collection.parent / "openapi.yml").read_text("utf-8"))
    ours = json.loads(conduit.api.flask("openapi", "--version", "2.0"))
    found = differences(ours, published)
    listed = listed_differences()
    assert [
        (operation, fact)
        for operation, facts in found.items()
        for fact in sorted(facts)
        if not any(row.covers(operation, fact) for row in listed)
    ] == []
    assert [gone for row in listed for gone in stale(row, found)] == []


def test_grown_project_passes_its_own_checks(conduit: Conduit, long: bool) -> None:
    for command in ("ruff check", "ruff format --check", "lint-imports --no-cache", "mypy"):
        conduit.run(*command.split())
    # The machinery's own tests see nothing of what has grown; they are run by the matrix.
    conduit.run("pytest", "-q", "-p", "no:cacheprovider", *([] if long else ["--ignore=tests/kit"]))


def test_page_counts_the_lines() -> None:
    lines = lines_written()
    *counted, (_, total, _) = table("How much code it is")
    assert {file.strip("`"): int(number) for file, number, _ in counted} == lines
    assert int(total) == sum(lines.values()) <= MOST_LINES
