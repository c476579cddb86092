"""Every check has been seen to fail: plant a fault in a good render and watch it being caught."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import checks
import pytest
from matrix.combinations import CHOICES, KIT, OPTIONS, Combination, every_combination

MYSQL = Combination.of(
    database="mysql",
    api_flavor="restful",
    cache_backend="memcached",
    limiter_backend="memcached",
    versioning="header",
)


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
        (add("app/api/openapi/start.js", "const = ;\n"), "app/api/openapi/start.js: ValueError"),
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


@pytest.mark.parametrize("word", checks.WORDS)
@pytest.mark.parametrize("spelled", [str.upper, str.lower])
def test_word_of_a_choice_not_taken_is_caught(
    spelled: Callable[[str], str], word: str, tmp_path: Path
) -> None:
    add("README.md", f"It says {spelled(word)} here.\n")(tmp_path)
    for combination in every_combination():
        faults = checks.foreign_faults(tmp_path, combination)
        caught = any(fault.startswith(f"README.md: {word!r} belongs to ") for fault in faults)
        assert caught is checks.WORDS[word].isdisjoint(combination.answers.items()), combination


def test_word_of_a_choice_not_taken_in_a_file_name_is_caught(project: Path) -> None:
    assert checks.foreign_faults(project, MYSQL) == []
    add("app/flask_restx.py", "\n")(project)
    assert checks.foreign_faults(project, MYSQL) == [
        "app/flask_restx.py: 'restx' belongs to api_flavor=restx"
    ]


def test_every_choice_has_a_table_in_choices_toml() -> None:
    choices = [(option, choice) for option, choices in OPTIONS.items() for choice in choices]
    assert CHOICES.keys() == {*choices}


def test_dead_file_is_caught(project: Path) -> None:
    before = checks.file_list_faults(project, MYSQL)
    add("app/dead.py", "\n")(project)
    assert set(checks.file_list_faults(project, MYSQL)) - set(before) == {
        "app/dead.py is in no list of files"
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
    assert "wsgi.py is in no list of files" in checks.file_list_faults(project, MYSQL)


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
            change("pyproject.toml", "app.api.framework.*", "app.api.f.*"),
            "pyproject.toml: app/api/f",
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


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template of one file, with the kit's prompts, that may be spoiled."""
    template = tmp_path / "template"
    (template / "app").mkdir(parents=True)
    shutil.copy(KIT / "cookiecutter.json", tmp_path)
    (template / "app" / "fine.py").write_text(
        "{% if cookiecutter.database == 'sqlite' %}\n"
        "{% elif cookiecutter.database in ('postgresql', 'mysql') %}\n"
        "{% endif %}\n"
        "{% if cookiecutter.__redis %}{% else %}{% endif %}\n",
    )
    return template


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("{% if cookiecutter.database == 'mysql' %}{% else %}?{% endif %}", "an else"),
        ("{% if 1 or cookiecutter.database == 'mysql' %}{% else %}?{% endif %}", "an else"),
        (
            "{% if cookiecutter.__redis %}{% elif cookiecutter.database == 'mysql' %}{% else %}?"
            "{% endif %}",
            "an else",
        ),
        ("{{ '1' if cookiecutter.versioning == 'url' else '2' }}", "an else"),
        ("{% if cookiecutter.database != 'sqlite' %}{% endif %}", "a choice that is excluded"),
        ("{% if cookiecutter.database not in ('sqlite',) %}{% endif %}", "a choice that is excl"),
        ("{% if not cookiecutter.database == 'sqlite' %}{% endif %}", "a choice that is excluded"),
        ("{% set x = cookiecutter.database != 'sqlite' %}", "a choice that is excluded"),
    ],
)
def test_branch_that_names_no_choice_is_caught(text: str, caught: str, template: Path) -> None:
    assert checks.unnamed_choice_faults(template) == []
    add("app/open.py", f"\n{text}\n")(template)
    (fault,) = checks.unnamed_choice_faults(template)
    assert fault.startswith(f"app/open.py:2: {caught}")


def test_file_name_that_names_no_choice_is_caught(template: Path) -> None:
    name = "{% if cookiecutter.database != 'sqlite' %}Procfile{% endif %}"
    add(name, "\n")(template)
    assert checks.unnamed_choice_faults(template) == [
        f"file name {name}: a choice that is excluded"
    ]


def test_private_value_that_names_no_choice_is_caught(template: Path) -> None:
    value = "{{ 'a' if cookiecutter.versioning == 'url' else 'b' }}"
    prompts = template.parent / "cookiecutter.json"
    prompts.write_text(json.dumps({**json.loads(prompts.read_text("utf-8")), "__value": value}))
    assert checks.unnamed_choice_faults(template) == [
        "cookiecutter.json: __value: an else on a choice"
    ]


@pytest.mark.parametrize(
    ("name", "count", "caught"),
    [
        ("app/full.py", 5, []),
        ("app/full.py", 6, ["app/full.py: 6 tags, at most 5 in a file of app/"]),
        # The three of app/fine.py count too, and no comment does.
        ("README.md", 262, []),
        ("README.md", 263, ["266 tags, at most 265 in the template"]),
    ],
)
def test_too_many_tags_are_caught(name: str, count: int, caught: list[str], template: Path) -> None:
    (template / "app" / "fine.py").write_text("{% if x %}{{ x }}{% endif %}")
    add(name, "{# why #}{{ cookiecutter.database }}\n" * count)(template)
    assert checks.tag_faults(template) == caught
