"""The application as servers and commands start it, in production."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask import Flask
{% if cookiecutter.database != 'sqlite' %}
from sqlalchemy import make_url
{% endif %}

from tests.apps import production
from tests.client import BASE
from tests.factories import make_post, make_user

PROJECT = Path(__file__).parent.parent
GUNICORN = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0"]
UPGRADE = [sys.executable, "-m", "flask", "db", "upgrade"]
IMPORT = [sys.executable, "-c", "import wsgi"]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(database_url: str) -> Iterator[Start]:
    """Start processes in production mode; none is left behind."""
    started: list[subprocess.Popen[str]] = []

    def start(command: list[str], **settings: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, **production(database_url), **settings}
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_gunicorn_serves_until_it_is_told_to_stop(app: Flask, start: Start) -> None:
    post = make_post(app, make_user(app))
    server = start(GUNICORN)
    assert server.stderr
    log = ""
    while not (listening := re.search(r"Listening at: (http://127\.0\.0\.1:\d+)", log)):
        line = server.stderr.readline()
        assert line, log
        log += line
    with urlopen(f"{listening[1]}{BASE}/posts/{post.id}", timeout=30) as response:
        assert response.status == 200
        assert json.load(response)["id"] == post.id
    server.send_signal(signal.SIGTERM)
    _, rest = server.communicate(timeout=30)
    assert server.returncode == 0, log + rest
    assert "Traceback" not in log + rest


def test_start_that_cannot_work_ends_with_one_line(start: Start, database_url: str) -> None:
{% if cookiecutter.database != 'sqlite' %}
    nowhere = make_url(database_url).set(host="127.0.0.1", port=1)
    unreachable = nowhere.render_as_string(hide_password=False)
{% else %}
    unreachable = "sqlite:////nowhere/at/all.db"
{% endif %}
    starts = {
        "SECRET_KEY is not set": start(GUNICORN, SECRET_KEY=""),
        "DATABASE_URL is not a database address": start(UPGRADE, DATABASE_URL="nonsense"),
        "DATABASE_URL: no connection to": start(IMPORT, DATABASE_URL=unreachable),
    }
    for reason, process in starts.items():
        _, log = process.communicate(timeout=60)
        assert process.returncode not in (0, None)
        (line,) = [line for line in log.splitlines() if "[INFO]" not in line]
        assert line.startswith(f"Error: {reason}")
