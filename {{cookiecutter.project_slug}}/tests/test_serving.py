"""The application as servers and commands start it, in production."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from flask import Flask
{% if cookiecutter.database != 'sqlite' %}
from sqlalchemy import make_url
{% endif %}

from tests.apps import production
from tests.client import BASE
from tests.factories import make_post, make_user

PROJECT = Path(__file__).parent.parent
STARTS = [["gunicorn", "wsgi:app"], ["flask", "db", "upgrade"], ["gunicorn", "wsgi:app"]]

# Imports once what takes long, then makes each start in a process of its own.
ATTEMPTS = """
import json, os, runpy, sys, tempfile
import app, flask.cli, gunicorn.app.wsgiapp

started = []
for words, settings in json.load(sys.stdin):
    output = tempfile.TemporaryFile("w+")
    child = os.fork()
    if not child:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        os.environ.update(settings)
        sys.argv = words
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
        sys.exit()
    started.append((child, output))
for child, output in started:
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    output.seek(0)
    print(json.dumps([status, output.read()]))
"""


def test_gunicorn_serves_until_it_is_told_to_stop(app: Flask, database_url: str) -> None:
    post = make_post(app, make_user(app))
    with subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0"],
        cwd=PROJECT,
        env={**os.environ, **production(database_url)},
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr
        try:
            log = ""
            while not (listening := re.search(r"Listening at: (http://127\.0\.0\.1:\d+)", log)):
                line = server.stderr.readline()
                assert line, log
                log += line
            with urlopen(f"{listening[1]}{BASE}/posts/{post.id}", timeout=30) as response:
                assert json.load(response)["id"] == post.id
            server.send_signal(signal.SIGTERM)
            _, rest = server.communicate(timeout=30)
            assert server.returncode == 0
            assert "Traceback" not in log + rest
        finally:
            server.kill()


def test_start_that_cannot_work_ends_with_one_line(database_url: str) -> None:
{% if cookiecutter.database == 'sqlite' %}
    unreachable = "sqlite:////nowhere/at/all.db"
{% else %}
    nowhere = make_url(database_url).set(host="127.0.0.1", port=1)
    unreachable = nowhere.render_as_string(hide_password=False)
{% endif %}
    good = production(database_url)
    faults = {
        "SECRET_KEY is not set": {**good, "SECRET_KEY": ""},
        "DATABASE_URL is not a database address": {**good, "DATABASE_URL": "nonsense"},
        "DATABASE_URL: no connection to": {**good, "DATABASE_URL": unreachable},
    }
    attempts = list(zip(faults, STARTS, strict=True))
    result = subprocess.run(
        [sys.executable, "-c", ATTEMPTS],
        cwd=PROJECT,
        input=json.dumps([(start, faults[reason]) for reason, start in attempts]),
        capture_output=True,
        text=True,
        timeout=60,
    )
    outcomes = [json.loads(line) for line in result.stdout.splitlines()]
    for (reason, start), (status, output) in zip(attempts, outcomes, strict=True):
        assert status > 0, start
        (line,) = (line for line in output.splitlines() if "[INFO]" not in line)
        assert line.startswith(f"Error: {reason}"), start
