"""Every check has been seen to fail: plant a fault in a good render and watch it being caught."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import checks
import pytest
from matrix.combinations import OPTIONS, Combination, every_combination, matches

MYSQL = Combination(("mysql", "restful", "memcached", "memcached", "header"))


@pytest.fixture
def project(renders: dict[Combination, Path], tmp_path: Path) -> Path:
    """A render of MySQL, Flask-RESTful and memcached that may be spoiled."""
    return Path(shutil.copytree(renders[MYSQL], tmp_path / MYSQL.name))


def add(name: str, text: str) -> Callable[[Path], None]:
    """Return what appends `text` to a file of a project, which it may create."""

    def plant(project: Path) -> None:
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return plant


def change(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Return what replaces text in a file of a project."""

    def plant(project: Path) -> None:
        text = (project / name).read_text("utf-8")
        assert old in text
        (project / name).write_text(text.replace(old, new), "utf-8")

    return plant


@pytest.mark.parametrize(
    ("plant", "caught"),
    [
        (add("wsgi.py", "def broken(:\n"), "wsgi.py: SyntaxError"),
        (add("compose.yaml", "x-tab:\n\t- 1\n"), "compose.yaml: ScannerError"),
        (add("pyproject.toml", "[tool\n"), "pyproject.toml: TOMLDecodeError"),
        (add("tox.ini", "no section or key\n"), "tox.ini: ParsingError"),
        (add("broken.json", "{,}\n"), "broken.json: JSONDecodeError"),
        (add("broken.sh", "#!/bin/sh\nif true\n"), "broken.sh: ValueError"),
        (add("Dockerfile", "RNU true\n"), "Dockerfile: ValueError: no instruction"),
        (add("Dockerfile", "CMD ['flask']\n"), "Dockerfile: JSONDecodeError"),
        (add("deploy/nginx.conf", "events {\n"), "deploy/nginx.conf: ValueError: a { is not"),
        (add("deploy/nginx.conf", "worker_processes 2\n"), "a statement without its end"),
        (add("Procfile", "no process\n"), "Procfile: ValueError"),
        (add(".env.example", "NO VALUE\n"), ".env.example: ValueError"),
        (add("requirements.txt", "flask>=3\n"), "requirements.txt: ValueError: flask>=3 is not"),
        (add("requirements.txt", "flask==3\n"), "requirements.txt: ValueError: flask==3 has no h"),
        (add("wsgi.py", "# no end of the line"), "wsgi.py: ValueError: the last line"),
        (add("what.xyz", "?\n"), "what.xyz: no parser is known"),
    ],
)
def test_file_that_does_not_parse_is_caught(
    plant: Callable[[Path], None], caught: str, project: Path
) -> None:
    assert checks.parse_faults(project) == []
    plant(project)
    assert any(caught in fault for fault in checks.parse_faults(project))


@pytest.mark.parametrize(
    "text",
    ["# {{ cookiecutter.project_slug }}\n", "{% endif %}\n", "{# why #}\n", "# cookiecutter\n"],
)
def test_template_text_that_is_left_is_caught(text: str, project: Path) -> None:
    assert checks.leftover_faults(project) == []
    add("wsgi.py", text)(project)
    assert any(fault.startswith("wsgi.py:") for fault in checks.leftover_faults(project))


def test_template_text_in_a_file_name_is_caught(project: Path) -> None:
    add("{% if x %}y", "\n")(project)
    assert checks.leftover_faults(project) != []


# For each entry of checks.WORDS what it is to find: one text for each alternative.
FOREIGN = {
    "database=sqlite": ["as on SQLite", "*.db-wal"],
    "database!=sqlite": ["`Procfile` is for", "in its release phase"],
    "database=postgresql": ["image: postgres:17", "psycopg==3.3.9", "pg_isready"],
    "database=mysql": ["pymysql==1.2.4", "MariaDB", "CHARACTER SET utf8mb4"],
    "api_flavor=restx": ["import flask_restx", "/swagger_2.json"],
    "api_flavor=restful": ["import flask_restful", "flask-restful==0.3.10", "Flask-RESTful"],
    "cache_backend=redis or limiter_backend=redis": ["import redis"],
    "cache_backend=memcached or limiter_backend=memcached": ["from pymemcache import Client"],
    "cache_backend=simple": ["CACHE_TYPE=SimpleCache"],
    "cache_backend!=simple": ['CACHE_KEY_PREFIX = "app:"'],
    "cache_backend=redis": ["CACHE_REDIS_URL=redis://localhost", "CACHE_TYPE=RedisCache"],
    "cache_backend=memcached": ["CACHE_MEMCACHED_SERVERS=a:1", "class MemcachedCache:"],
    "limiter_backend=memory": ["RATELIMIT_STORAGE_URI=memory://"],
    "limiter_backend!=memory": ['RATELIMIT_KEY_PREFIX = "app"'],
    "limiter_backend=redis": ["redis://redis:6379/1"],
    "limiter_backend=memcached": ["memcached://localhost:11211"],
    "versioning=header": ["application/json; version=1.0", "several media ranges"],
}


@pytest.mark.parametrize(
    ("choice", "text"), [(choice, text) for choice, texts in FOREIGN.items() for text in texts]
)
def test_word_of_a_choice_not_taken_is_caught(choice: str, text: str, tmp_path: Path) -> None:
    add("README.md", text)(tmp_path)
    for combination in every_combination():
        faults = checks.foreign_faults(tmp_path, combination)
        caught = any(fault.endswith(f" belongs to {choice}") for fault in faults)
        assert caught is not matches(choice, combination), combination


def test_word_of_a_choice_not_taken_in_a_file_name_is_caught(project: Path) -> None:
    assert checks.foreign_faults(project, MYSQL) == []
    add("app/flask_restx.py", "\n")(project)
    assert checks.foreign_faults(project, MYSQL) == [
        "app/flask_restx.py: 'restx' belongs to api_flavor=restx"
    ]


def test_every_choice_has_words_that_only_it_may_say() -> None:
    assert checks.WORDS.keys() == FOREIGN.keys()
    choices = {f"{option}={choice}" for option, choices in OPTIONS.items() for choice in choices}
    # With versions in a header, tests ask for addresses that name one, and get 404.
    assert choices - checks.WORDS.keys() == {"versioning=url"}


def test_dead_file_is_caught(project: Path) -> None:
    before = checks.file_list_faults(project, MYSQL)
    add("app/dead.py", "\n")(project)
    assert set(checks.file_list_faults(project, MYSQL)) - set(before) == {
        "app/dead.py is not in tests/files.txt"
    }


def test_missing_file_is_caught(project: Path) -> None:
    before = checks.file_list_faults(project, MYSQL)
    (project / "wsgi.py").unlink()
    assert set(checks.file_list_faults(project, MYSQL)) - set(before) == {
        "wsgi.py is expected and missing"
    }


def test_entry_that_left_the_file_list_is_caught(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = checks.FILE_LIST.read_text().splitlines()
    shorter = tmp_path / "files.txt"
    shorter.write_text("\n".join(line for line in lines if line != "wsgi.py"))
    monkeypatch.setattr(checks, "FILE_LIST", shorter)
    assert "wsgi.py is not in tests/files.txt" in checks.file_list_faults(project, MYSQL)


def remove(name: str) -> Callable[[Path], None]:
    """Return what removes a file of a project."""
    return lambda project: (project / name).unlink()


@pytest.mark.parametrize(
    ("plant", "caught"),
    [
        (add("README.md", "See `app/nowhere.py`.\n"), "README.md: app/nowhere.py"),
        (add("README.md", "See [this](docs/nowhere.md#top).\n"), "README.md: the link to docs/"),
        (add("wsgi.py", "# See `app/nowhere.py`.\n"), "wsgi.py: app/nowhere.py"),
        (add(".env.example", "# See nowhere.md.\n"), ".env.example: nowhere.md"),
        (remove("deploy/mysql-init.sql"), "compose.yaml: deploy/mysql-init.sql"),
        (change("compose.yaml", "./deploy/nginx.conf:", "./nginx:"), "compose.yaml: nginx"),
        (change("compose.yaml", "build: .", "build: ./image"), "compose.yaml: image/Dockerfile"),
        (change("Dockerfile", "COPY app app", "COPY api app"), "Dockerfile: api"),
        (change("Dockerfile", "FLASK_APP=wsgi", "FLASK_APP=main"), "Dockerfile: main.py"),
        (change("Dockerfile", "wsgi:app", "main:app"), "Dockerfile: main.py"),
        (change(".dockerignore", "!app", "!api"), ".dockerignore: api"),
        (change(".flaskenv", "=wsgi", "=main"), ".flaskenv: main.py"),
        (change("Procfile", "--app wsgi", "--app main"), "Procfile: main.py"),
        (change("pyproject.toml", 'files = ["app"', 'files = ["api"'), "pyproject.toml: api"),
        (change("pyproject.toml", 'source = ["app"]', 'source = ["api"]'), "pyproject.toml: api"),
        (change("pyproject.toml", '["tests"]', '["checks"]'), "pyproject.toml: checks"),
        (
            change("pyproject.toml", "app.api.framework", "app.api.f"),
            "pyproject.toml: app/api/f.py",
        ),
        (change("pyproject.toml", '"tests/**"', '"checks/**"'), "pyproject.toml: checks/**"),
        (change("pyproject.toml", '["migrations/', '["revisions/'), "pyproject.toml: revisions/"),
        (change("tox.ini", "requirements-dev", "requirements-test"), "tox.ini: requirements-test"),
    ],
)
def test_path_to_nowhere_is_caught(
    plant: Callable[[Path], None], caught: str, project: Path
) -> None:
    assert checks.path_faults(project) == []
    plant(project)
    assert any(fault.startswith(caught) for fault in checks.path_faults(project))


def test_file_that_does_not_reach_the_image_is_caught(project: Path) -> None:
    assert checks.context_faults(project) == []
    change(".dockerignore", "!migrations\n", "")(project)
    assert checks.context_faults(project) == ["Dockerfile: migrations is left out by .dockerignore"]


@pytest.mark.parametrize(
    ("name", "text", "caught"),
    [
        ("app/config.py", "    NEW = settings.flag(True)\n", ".env.example lacks NEW"),
        ("app/backend/cache_store.py", "    NEW = flag(True)\n", ".env.example lacks NEW"),
        ("app/config.py", 'database.address(\n"NEW", "")\n', ".env.example lacks NEW"),
        ("app/health.py", 'if "NEW" in os.environ:\n', ".env.example lacks NEW"),
        ("gunicorn.conf.py", 'os.environ.get("NEW")\n', ".env.example lacks NEW"),
        (
            "gunicorn.conf.py",
            'whole_number(1).value("NEW", os.environ)\n',
            ".env.example lacks NEW",
        ),
        ("compose.yaml", "# ${NEW:?set it}\n", ".env.example lacks NEW"),
        (".env.example", "# OLD=1\n", ".env.example lists OLD, which nothing reads"),
        (".env.example", "OLD=\n", ".env.example lists OLD, which nothing reads"),
    ],
)
def test_setting_that_is_read_or_listed_alone_is_caught(
    name: str, text: str, caught: str, project: Path
) -> None:
    assert checks.setting_faults(project) == []
    add(name, text)(project)
    assert checks.setting_faults(project) == [caught]


@pytest.mark.parametrize(
    ("text", "caught"), [("import os\n", "F401"), ("x = {  'a':1 }\n", "unformatted")]
)
def test_style_is_caught(text: str, caught: str, project: Path) -> None:
    add("app/untidy.py", text)(project)
    faults = [fault for fault in checks.style_faults(project.parent) if "untidy" in fault]
    assert any(caught in fault for fault in faults)
