"""schemathesis, which makes requests from the document, finds the server doing what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import cycle, product
from pathlib import Path

import pytest
from matrix.combinations import OPTIONS, Combination
from matrix.services import Servers

from live.api import PASSWORD, Api, served

HERE = Path(__file__).resolve().parent
# Examples for each operation, and the cases that these must come to.
SHORT = (2, 1000)
LONG = (230, 5000)


def combinations() -> list[Combination]:
    """Each flavor, version mode and database, with a cache and limiter of each kind among them."""
    backends = zip(
        OPTIONS["database"], cycle(OPTIONS["cache_backend"]), cycle(OPTIONS["limiter_backend"])
    )
    return [
        Combination.of(
            database=database,
            api_flavor=flavor,
            cache_backend=cache,
            limiter_backend=limiter,
            versioning=versioning,
        )
        for (database, cache, limiter), flavor, versioning in product(
            backends, OPTIONS["api_flavor"], OPTIONS["versioning"]
        )
    ]


def examine(api: Api, examples: int, report: Path) -> subprocess.CompletedProcess[str]:
    """Run schemathesis with all checks and phases against the served project."""
    api.admin()
    account = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    api.call("POST", "/auth/register", expect=201, json=account)
    return subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "schemathesis.cli",
                "--config-file",
                str(HERE / "schemathesis.toml"),
            ),
            *(
                "run",
                f"{api.base}/openapi.json",
                "--checks",
                "all",
                "--max-examples",
                str(examples),
            ),
            *("--continue-on-failure", "--generation-database", "none"),
            *("--report", "json", "--report-json-path", str(report)),
        ],
        cwd=report.parent,
        env={
            **os.environ,
            "PYTHONPATH": str(HERE.parent),
            "SCHEMATHESIS_HOOKS": "live.generated",
            "KIT_API_BASE": api.base,
            "KIT_API_USERNAME": "root",
            "KIT_API_PASSWORD": PASSWORD,
        },
        capture_output=True,
        text=True,
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take every combination for the long form, and the two that differ most for the short one."""
    every = combinations()
    chosen = every if metafunc.config.getoption("--long") else [every[0], every[-1]]
    metafunc.parametrize("combination", chosen, ids=str)


def test_server_does_what_the_document_says(
    combination: Combination,
    servers: Servers,
    long: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    examples, cases = LONG if long else SHORT
    with served(combination, servers, tmp_path) as api:
        run = examine(api, examples, tmp_path / "report.json")
        log = api.log.read_text("utf-8")
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["failures"] == [], run.stdout
    assert run.returncode == 0, run.stdout + run.stderr
    assert report["operations"]["tested"] == report["operations"]["total"] > 20
    assert {phase["status"] for phase in report["phases"].values()} == {"success"}
    generated, seconds = report["test_cases"]["generated"], report["running_time"]
    assert generated >= cases
    with capsys.disabled():
        print(f"\n{combination}: {generated} cases, none failed, in {seconds:.0f} s")
    assert report["warnings"]["missing_auth"] == []
    assert "Traceback" not in log, log
