"""The application as servers and commands start it, in production."""

import json
import re
import time
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from flask import Flask

from tests.support.apps import production
from tests.support.database import UNREACHABLE
from tests.support.processes import SECONDS, start, start_together

# A configured proxy couldn't reach this machine's loopback interface.
DIRECT = build_opener(ProxyHandler({}))
GUNICORN = ("gunicorn", "wsgi:app", "--bind", "127.0.0.1:0")
UPGRADE = ("flask", "db", "upgrade")


def test_gunicorn_serves_until_it_is_told_to_stop(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log.txt"
    server = start(log, {**production(database_url), "LOG_LEVEL": "INFO"}, *GUNICORN)
    try:
        give_up = time.monotonic() + SECONDS
        while not (address := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
            assert server.is_alive(), log.read_text()
            assert time.monotonic() < give_up, log.read_text()
            time.sleep(0.01)
        with DIRECT.open(f"{address[0]}/readyz", timeout=SECONDS) as response:
            assert json.load(response)["status"] == "ok"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            request_id = response.headers["X-Request-ID"]
        server.terminate()
        server.join(SECONDS)
        assert server.exitcode == 0
        assert "Traceback" not in log.read_text()
        (line,) = (line for line in log.read_text().splitlines() if line.startswith("{"))
        assert json.loads(line)["message"] == "GET /readyz 200"
        assert json.loads(line)["request_id"] == request_id
    finally:
        server.kill()


def test_bad_setting_stops_the_start_with_one_line(database_url: str, tmp_path: Path) -> None:
    good = production(database_url)
    attempts = {
        "SECRET_KEY is not set": ({**good, "SECRET_KEY": ""}, GUNICORN),
        "DATABASE_URL is not a ": ({**good, "DATABASE_URL": "nonsense"}, UPGRADE),
        "DATABASE_URL: no connection to": ({**good, "DATABASE_URL": UNREACHABLE}, GUNICORN),
        "PORT must be a whole number": ({**good, "PORT": "9" * 5000}, GUNICORN),
{% if not cookiecutter.__in_process %}
        "WEB_CONCURRENCY must be a": ({**good, "WEB_CONCURRENCY": "0"}, GUNICORN),
{% endif %}
    }
    outcomes = start_together(tmp_path, *attempts.values())
    for reason, (status, output) in zip(attempts, outcomes, strict=True):
        assert status, reason
        (line,) = (line for line in output.splitlines() if "[INFO]" not in line)
        assert reason in line
