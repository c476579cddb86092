"""The application as servers and commands start it, in production."""

import json
import logging
import os
import re
import signal
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app import logs
from tests.support.apps import other_app, production
from tests.support.database import UNREACHABLE
from tests.support.processes import SECONDS, start, start_together

# A configured proxy couldn't reach this machine's loopback interface.
DIRECT = build_opener(ProxyHandler({}))
GUNICORN = ("gunicorn", "wsgi:app", "--bind", "127.0.0.1:0")
{% if cookiecutter.__in_process %}
WORKERS = 1
{% endif %}
{% if not cookiecutter.__in_process %}
WORKERS = 2
{% endif %}
ADDRESS = r"http://127\.0\.0\.1:\d+"
UPGRADE = ("flask", "db", "upgrade")
CREATE_ADMIN = ("flask", "create-admin")


def address_of(log: Path, server: BaseProcess) -> str:
    """Wait until a server listens; return its address."""
    wait_for(log, ADDRESS, server)
    return str(re.findall(ADDRESS, log.read_text())[0])


def wait_for(log: Path, pattern: str, server: BaseProcess, times: int = 1) -> None:
    """Wait until a server has printed something so many times."""
    give_up = time.monotonic() + SECONDS
    while len(re.findall(pattern, log.read_text())) < times:
        assert server.is_alive(), log.read_text()
        assert time.monotonic() < give_up, log.read_text()
        time.sleep(0.01)


def get(url: str) -> tuple[int, str]:
    """Return the status and the text of a response."""
    try:
        with DIRECT.open(url, timeout=SECONDS) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_gunicorn_serves_and_reloads_until_it_is_told_to_stop(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log.txt"
    settings = {"LOG_LEVEL": "INFO", "WEB_CONCURRENCY": str(WORKERS)}
    server = start(log, {**production(database_url), **settings}, *GUNICORN)
    try:
        address = address_of(log, server)
        with DIRECT.open(f"{address}/readyz", timeout=SECONDS) as response:
            assert json.load(response)["status"] == "ok"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            request_id = response.headers["X-Request-ID"]
        for reloads in (1, 2):
            assert server.pid
            os.kill(server.pid, signal.SIGHUP)
            wait_for(log, "Booting worker", server, times=(reloads + 1) * WORKERS)
            wait_for(log, "Worker exiting", server, times=reloads * WORKERS)
            # A new worker gets its first requests at once.
            with ThreadPoolExecutor(8) as threads:
                answers = [*threads.map(get, [f"{address}/healthz"] * 8)]
            assert {status for status, _ in answers} == {200}
            assert get(f"{address}/metrics")[0] == 200
        server.terminate()
        server.join(SECONDS)
        assert server.exitcode == 0
    finally:
        server.kill()
    assert "records no metrics" not in log.read_text()
    assert "Traceback" not in log.read_text()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (own,) = (line for line in lines if line["request_id"] == request_id)
    assert own["message"] == "GET /readyz 200"
    assert lines[0]["logger"] == "gunicorn.error"
{% if not cookiecutter.__in_process %}


def test_metrics_that_cannot_be_written_fail_no_answer(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    log, settings = tmp_path / "log.txt", production(database_url)
    gone = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "nothing")}
    server = start(log, {**settings, **gone}, *GUNICORN)
    try:
        address = address_of(log, server)
        for _ in range(4):
            assert get(f"{address}/healthz")[0] == 200
        assert get(f"{address}/metrics")[0] == 503
    finally:
        server.kill()
    assert "This process records no metrics" in log.read_text()
{% endif %}


def test_bad_setting_stops_the_start_with_one_line(database_url: str, tmp_path: Path) -> None:
    good = production(database_url)
    attempts = {
        "SECRET_KEY is not set": ({**good, "SECRET_KEY": ""}, GUNICORN),
        "DATABASE_URL is not a ": ({**good, "DATABASE_URL": "nonsense"}, UPGRADE),
        "DATABASE_URL: no connection to": ({**good, "DATABASE_URL": UNREACHABLE}, GUNICORN),
        "URL: no connection to": ({**good, "DATABASE_URL": UNREACHABLE}, UPGRADE),
        "no connection to": ({**good, "DATABASE_URL": UNREACHABLE}, CREATE_ADMIN),
        "PORT must be a whole number": ({**good, "PORT": "9" * 5000}, GUNICORN),
{% if not cookiecutter.__in_process %}
        "WEB_CONCURRENCY must be a": ({**good, "WEB_CONCURRENCY": "0"}, GUNICORN),
{% endif %}
    }
    outcomes = start_together(tmp_path, *attempts.values())
    for reason, (status, output) in zip(attempts, outcomes, strict=True):
        assert status, reason
        (line,) = output.splitlines()
        assert reason in line


def test_crash_outside_of_requests_is_logged(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for module, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.log_uncaught()
        thread = Thread(target=int, args=("x",))
        thread.start()
        thread.join(SECONDS)
        warnings.warn("A library warns.", stacklevel=1)
        logging.captureWarnings(False)
    crash, warning = caplog.records
    assert crash.getMessage() == "Uncaught exception in a thread"
    assert crash.exc_info
    assert crash.exc_info[0] is ValueError
    assert "A library warns." in warning.getMessage()


def test_development_logs_a_request_once_and_as_one_line(
    app: Flask,
    database_url: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with other_app("development", DEV_DATABASE_URL=database_url) as other:
        server = make_server("127.0.0.1", 0, other)
        thread = Thread(target=server.handle_request)
        with caplog.at_level("INFO"):
            server.log_startup()
            thread.start()
            assert get(f"http://127.0.0.1:{server.port}/a%0aforged%1b[31m")[0] == 404
            thread.join(SECONDS)
        server.server_close()
    started, requested = capfd.readouterr().err.splitlines()
    assert f" * Running on http://127.0.0.1:{server.port}" in started
    assert requested.endswith(r" INFO app.logs: GET /a\nforged\x1b[31m 404")
    assert "\x1b" not in started


def test_commands_that_need_no_database_run_without_one(tmp_path: Path) -> None:
    away = production(UNREACHABLE)
    commands = {
        "/healthz": ("flask", "routes"),
        '"openapi": "3.1': ("flask", "openapi"),
        # The first revision: a script can't have all changes that later ones may make.
        "CREATE TABLE": ("flask", "db", "upgrade", "+1", "--sql"),
    }
    outcomes = start_together(tmp_path, *((away, command) for command in commands.values()))
    for written, (status, output) in zip(commands, outcomes, strict=True):
        assert (status, written in output) == (0, True), output
