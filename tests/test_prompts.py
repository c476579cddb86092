"""Hostile answers to the prompts: a valid project, or one clear line and nothing left behind."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import checks
import pytest
import yaml
from cookiecutter.exceptions import FailedHookException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matrix.combinations import KIT, OPTIONS
from matrix.rendering import render

PROMPTS = json.loads((KIT / "cookiecutter.json").read_text("utf-8"))
ASKED = [name for name in PROMPTS if not name.startswith("_")]


def cookiecutter(home: Path, *words: str, typed: str | None = None) -> tuple[int, str, Path]:
    """Run cookiecutter as a user does; return the status, what it said and the output folder."""
    output = home / "output"
    output.mkdir()
    words = ("--output-dir", str(output), *([] if typed is not None else ["--no-input"]), *words)
    # cookiecutter leaves its copies of the hooks among the temporary files.
    with tempfile.TemporaryDirectory() as temporary:
        done = subprocess.run(
            [sys.executable, "-m", "cookiecutter", str(KIT), *words],
            input=typed,
            capture_output=True,
            encoding="utf-8",
            env={
                **os.environ,
                "HOME": str(home),
                "USERPROFILE": str(home),
                "TMPDIR": temporary,
                "PYTHONIOENCODING": "utf-8",
            },
        )
    return done.returncode, done.stdout + done.stderr, output


def render_from_kit(
    output: Path, template: str, *words: str, pwd: Path = KIT
) -> subprocess.CompletedProcess[str]:
    """Run cookiecutter in the kit's own folder, as a shell does, on a path of the template."""
    with tempfile.TemporaryDirectory() as temporary:
        return subprocess.run(
            [sys.executable, "-m", "cookiecutter", template, *words, "--output-dir", str(output)],
            capture_output=True,
            text=True,
            cwd=KIT,
            env={**os.environ, "PWD": str(pwd), "HOME": temporary, "TMPDIR": temporary},
        )


def texts(project: Path) -> tuple[dict[str, Any], set[str]]:
    """Return the [project] table and every string in the project's Python files."""
    table = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    strings = {
        node.value
        for path in project.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return table, strings


ACCEPTED = [
    ("project_name", "O'Neil"),
    ("project_name", 'a"b'),
    ("project_name", "it's \"both\" and '''more'''"),
    ("project_name", "back\\slash \\n \\"),
    ("project_name", "🚀 Übung 日本語 👩‍💻"),
    ("project_name", "#[x](y) <b>*_`|"),
    ("project_name", "3D"),
    ("project_name", "x" * 60),
    ("project_slug", "my-api_2"),
    ("project_description", "# ${HOME} $(id) `id` %s {0} \\u0041 'q' \"d\" : - & *"),
    ("author_name", 'Zoë "Z" O\'Hara\\'),
    ("author_email", "o'neil+api@example.org"),
]
TYPED_ONLY = [
    ("project_name", "{{ 7*7 }}"),
    ("project_name", "{% raw %}"),
    ("project_description", "{# not a comment #} {{ cookiecutter }}"),
]
REFUSED = [
    ("project_name", "", "must not be empty"),
    ("project_name", "x" * 300, "300 characters are too long"),
    ("project_name", "a\nb", "line break"),
    ("project_name", "a\x1bb", "control character"),
    ("project_name", "a\u202eb", "control character"),
    ("project_description", "a\r\nb", "line break"),
    ("project_description", "x" * 201, "too long"),
    ("author_name", "a\u2028b", "line break"),
    ("author_email", "nobody", "not an e-mail address"),
    ("author_email", "a b@example.org", "not an e-mail address"),
    ("project_slug", "", "must not be empty"),
    ("project_slug", "../x", "lower-case letters"),
    ("project_slug", "a/b/c", "lower-case letters"),
    ("project_slug", "/x", "lower-case letters"),
    ("project_slug", "..", "lower-case letters"),
    ("project_slug", "a\\b", "lower-case letters"),
    ("project_slug", "a\nb", "line break"),
    ("project_slug", "Upper", "lower-case letters"),
    ("project_slug", "über", "lower-case letters"),
    ("project_slug", "-x", "lower-case letters"),
    ("project_slug", "a--b", "lower-case letters"),
    ("project_slug", "3d", "lower-case letters"),
    ("project_slug", "x" * 300, "300 characters are too long"),
    ("project_slug", "class", "Python keyword"),
    ("project_slug", "json", "standard library"),
    ("project_slug", "app", "reserved"),
    ("project_slug", "tests", "reserved"),
    ("project_slug", "con", "reserved"),
]


def typed_answers(prompt: str, answer: str) -> str:
    """Return the lines that a user types to give `answer` at `prompt` and defaults elsewhere."""
    return "".join(f"{answer if name == prompt else ''}\n" for name in ASKED)


def assert_intact(project: Path, answers: Mapping[str, str]) -> None:
    """Check that every file parses and that answers stand where they should, letter by letter."""
    assert checks.parse_faults(project) == []
    table, strings = texts(project)
    if "project_name" in answers:
        assert answers["project_name"] in strings
    if "project_slug" in answers:
        assert project.name == table["name"] == answers["project_slug"]
    if "project_description" in answers:
        assert table["description"] == answers["project_description"]
    author = {key: answer for key in ("name", "email") if (answer := answers.get(f"author_{key}"))}
    assert table.get("authors", []) == ([author] if author else [])


def only_project(output: Path) -> Path:
    """Return the one folder that was rendered."""
    (project,) = output.iterdir()
    return project


@pytest.mark.parametrize(("prompt", "answer"), ACCEPTED)
def test_answer_on_the_command_line_is_kept(prompt: str, answer: str, tmp_path: Path) -> None:
    status, said, output = cookiecutter(tmp_path, f"{prompt}={answer}")
    assert status == 0, said
    assert_intact(only_project(output), {prompt: answer})


@pytest.mark.parametrize(("prompt", "answer"), ACCEPTED + TYPED_ONLY)
def test_typed_answer_is_kept(prompt: str, answer: str, tmp_path: Path) -> None:
    status, said, output = cookiecutter(tmp_path, typed=typed_answers(prompt, answer))
    assert status == 0, said
    assert_intact(only_project(output), {prompt: answer})


def assert_refused(status: int, said: str, output: Path, prompt: str, why: str) -> None:
    """Check that one line names the prompt and the reason, and that nothing is left."""
    lines = [line for line in said.splitlines() if line.startswith("Not rendered: ")]
    assert status != 0
    assert len(lines) == 1, said
    assert f"{prompt}: " in lines[0]
    assert why in lines[0]
    assert list(output.iterdir()) == []
    # A sibling of the output folder would be just as bad.
    assert {path.name for path in output.parent.iterdir()} <= {"output", ".cookiecutter_replay"}


@pytest.mark.parametrize(("prompt", "answer", "why"), REFUSED)
def test_answer_on_the_command_line_is_refused(
    prompt: str, answer: str, why: str, tmp_path: Path
) -> None:
    status, said, output = cookiecutter(tmp_path, f"{prompt}={answer}")
    assert_refused(status, said, output, prompt, why)


@pytest.mark.parametrize(
    ("prompt", "answer", "why"),
    # An empty line means the default, and a line break ends what is typed.
    [entry for entry in REFUSED if entry[1] and entry[1].isprintable()],
)
def test_typed_answer_is_refused(prompt: str, answer: str, why: str, tmp_path: Path) -> None:
    status, said, output = cookiecutter(tmp_path, typed=typed_answers(prompt, answer))
    assert_refused(status, said, output, prompt, why)


def test_template_text_on_the_command_line_is_rendered_by_cookiecutter(tmp_path: Path) -> None:
    status, said, output = cookiecutter(tmp_path, "project_name={{ 7*7 }}")
    assert status == 0, said
    assert only_project(output).name == "api-49"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Flask API", "flask-api"),
        ("Übung Nº 1", "ubung-no-1"),
        ("🚀", "api"),
        ("3D Print", "api-3d-print"),
        ("x" * 60, "x" * 46),
    ],
)
def test_slug_is_derived_from_the_name(name: str, slug: str, tmp_path: Path) -> None:
    assert render({"project_name": name}, tmp_path).name == slug


def test_prompts_of_another_template_are_not_looked_at(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "cookiecutter.json").write_text('{"database": ["oracle"], "theme": ["dark"]}')
    done = render_from_kit(tmp_path, ".", "--no-input", pwd=other)
    assert done.returncode == 0, done.stdout + done.stderr


TEMPLATE_PATHS = [str(KIT), ".", f"../{KIT.name}"]


@pytest.mark.parametrize("template", TEMPLATE_PATHS)
def test_template_is_found_by_any_path(template: str, tmp_path: Path) -> None:
    done = render_from_kit(tmp_path, template, "--no-input")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert (tmp_path / "flask-api" / ".env").is_file()


@pytest.mark.parametrize("template", TEMPLATE_PATHS)
def test_choice_that_a_replay_file_got_wrong_is_refused(template: str, tmp_path: Path) -> None:
    status, said, _ = cookiecutter(tmp_path)
    assert status == 0, said
    (replay,) = (tmp_path / ".cookiecutter_replay").iterdir()
    replay.write_text(replay.read_text().replace('"database": "sqlite"', '"database": "oracle"'))
    again = tmp_path / "again"
    again.mkdir()
    done = render_from_kit(again, template, "--replay-file", str(replay))
    assert "Not rendered: database: 'oracle' is none of sqlite" in done.stdout + done.stderr
    assert list(again.iterdir()) == []


@pytest.mark.parametrize("kind", ["redis", "memcached"])
def test_limits_and_cache_share_no_memory_by_default(kind: str, tmp_path: Path) -> None:
    """Anonymous readers who fill the cache would push out the counters of the limits."""
    _, _, output = cookiecutter(tmp_path, f"cache_backend={kind}", f"limiter_backend={kind}")
    for name in ("compose.yaml", ".env.example"):
        text = (only_project(output) / name).read_text("utf-8")
        addresses = r"(?:RATELIMIT_STORAGE_URI|CACHE_REDIS_URL|CACHE_MEMCACHED_SERVERS)[=:] ?(.+)"
        servers = [
            address.partition("://")[2].partition("/")[0] or address
            for address in re.findall(addresses, text)
        ]
        assert len(servers) == len(set(servers)) == 2, servers


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ([], None),
        (
            ["cache_backend=redis", "limiter_backend=redis"],
            "docker compose up -d --wait redis redis-limits",
        ),
        (["limiter_backend=redis"], "docker compose up -d --wait redis"),
        (
            ["database=mysql", "cache_backend=memcached", "limiter_backend=redis"],
            "docker compose up -d --wait mysql memcached redis",
        ),
    ],
)
def test_next_steps_start_the_servers_of_the_project(
    words: list[str], command: str | None, tmp_path: Path
) -> None:
    _, said, output = cookiecutter(tmp_path, *words)
    steps = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert steps[0] == "cd flask-api"
    assert [step for step in steps if "docker" in step] == ([command] if command else [])
    compose = yaml.safe_load((only_project(output) / "compose.yaml").read_text("utf-8"))
    started = command.split()[5:] if command else []
    assert {*started} == compose["services"].keys() - {"nginx", "web", "migrate"}


# --- the secrets --------------------------------------------------------------------------------


def env_of(project: Path, name: str = ".env") -> dict[str, str]:
    """Return the settings of the project's `.env`, or of the file `name`."""
    lines = (project / name).read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("database", OPTIONS["database"])
def test_each_project_gets_secrets_of_its_own(database: str, tmp_path: Path) -> None:
    first, second = (
        env_of(render({"database": database}, tmp_path / name)) for name in ("one", "two")
    )
    assert first.keys() == second.keys()
    assert all(first[name] != second[name] for name in first)
    assert all(len(first[name]) >= 64 for name in ("SECRET_KEY", "JWT_SECRET_KEY"))


@pytest.mark.parametrize("database", OPTIONS["database"])
def test_env_has_what_its_example_leaves_to_be_filled_in(database: str, tmp_path: Path) -> None:
    project = render({"database": database}, tmp_path)
    assert env_of(project).keys() == env_of(project, ".env.example").keys()


@pytest.mark.parametrize("database", OPTIONS["database"])
def test_addresses_in_env_hold_the_password(database: str, tmp_path: Path) -> None:
    env = env_of(render({"database": database}, tmp_path))
    passwords = [value for name, value in env.items() if name.endswith("_PASSWORD")]
    addresses = [value for name, value in env.items() if name.endswith("DATABASE_URL")]
    assert len(passwords) == (database != "sqlite")
    assert len(addresses) == 3 * len(passwords)
    assert all(f":{passwords[0]}@localhost:" in address for address in addresses)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_env_is_for_its_owner_alone_and_not_for_git(tmp_path: Path) -> None:
    project = render({}, tmp_path)
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600
    assert ".env" in (project / ".gitignore").read_text("utf-8").splitlines()


def test_rendering_over_a_project_keeps_its_secrets(tmp_path: Path) -> None:
    before = env_of(render({}, tmp_path))
    words = ["--no-input", "--overwrite-if-exists", "--output-dir", str(tmp_path)]
    subprocess.run(
        [sys.executable, "-m", "cookiecutter", str(KIT), *words],
        check=True,
        capture_output=True,
        env={**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
    )
    assert env_of(tmp_path / "flask-api") == before


# --- any text at all ----------------------------------------------------------------------------


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Answers that are given as if typed: cookiecutter renders what comes in any other way."""
    given_answers: dict[str, str] = {}

    def read(name: str, default: str, *_: object) -> str:
        return given_answers.get(name, default)

    monkeypatch.setattr("cookiecutter.prompt.read_user_variable", read)
    monkeypatch.setattr("cookiecutter.prompt.read_user_choice", lambda _, options, *__: options[0])
    return given_answers


def rendered_as_typed(
    folder: Path, said: pytest.CaptureFixture[str], template: Path = KIT
) -> Path | None:
    """Render with typed answers; nothing when they were refused, in one line and no other way."""
    said.readouterr()
    try:
        return render({}, folder, template, no_input=False)
    except FailedHookException:
        output, errors = said.readouterr()
        assert output == ""
        assert re.fullmatch(r"Not rendered: .+\n", errors), errors
        return None


def assert_kept_or_refused(
    folder: Path, said: pytest.CaptureFixture[str], answers: Mapping[str, str]
) -> None:
    """Check that what was typed is intact in the project, or that there is none of it."""
    project = rendered_as_typed(folder, said)
    if project is None:
        assert list(folder.iterdir()) == []
    else:
        assert_intact(project, answers)


def test_cookiecutter_1_is_refused_by_its_version(tmp_path: Path) -> None:
    # It leaves private variables, and so the slug that they hold, as they are.
    answers = json.dumps({"project_slug": "flask-api", **PROMPTS})
    hook = tmp_path / "pre_gen_project.py"
    source = (KIT / "hooks" / hook.name).read_text("utf-8")
    hook.write_text(source.replace("{{ cookiecutter | jsonify }}", answers), "utf-8")
    done = subprocess.run([sys.executable, str(hook)], capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr == (
        "Not rendered: this template needs Cookiecutter 2.7 or newer, not Cookiecutter 1.\n"
    )


@pytest.mark.parametrize("name", ["pre_gen_project", "post_gen_project"])
def test_crash_of_a_hook_is_no_refusal(
    name: str, answers: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    template, output = tmp_path / "template", tmp_path / "output"
    shutil.copytree(KIT / "hooks", template / "hooks")
    shutil.copy(KIT / "cookiecutter.json", template)
    (template / "{{cookiecutter.project_slug}}").mkdir()
    (template / "{{cookiecutter.project_slug}}" / ".env.example").touch()
    assert rendered_as_typed(output, capfd, template) == output / "flask-api"
    shutil.rmtree(output)
    hook = template / "hooks" / f"{name}.py"
    start = 'if __name__ == "__main__":\n'
    text = hook.read_text("utf-8")
    assert start in text
    hook.write_text(text.replace(start, f"{start}    raise RuntimeError\n"), "utf-8")
    with pytest.raises(AssertionError, match="RuntimeError"):
        rendered_as_typed(output, capfd, template)


any_text = st.text(max_size=70) | st.text(alphabet="{}%#\\\"'`$&<>-=*[]: \n", max_size=20)
harmless = st.text(
    alphabet=st.characters(categories=("L", "N", "P", "S", "M")), min_size=1, max_size=60
)
property_test = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@property_test
@given(name=any_text, description=any_text, author=any_text, email=st.just("") | st.emails())
def test_any_text_is_kept_or_refused(
    name: str,
    description: str,
    author: str,
    email: str,
    answers: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answers.update(project_name=name, project_description=description, project_slug="project")
    answers.update(author_name=author, author_email=email)
    assert_kept_or_refused(tmp_path_factory.mktemp("any"), capfd, answers)


@property_test
@given(email=any_text | st.text(alphabet="{}%#\"'`@a. \n", max_size=20))
def test_any_email_is_kept_or_refused(
    email: str,
    answers: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answers.update(author_email=email)
    assert_kept_or_refused(tmp_path_factory.mktemp("email"), capfd, answers)


@property_test
@given(name=harmless, email=st.emails())
def test_harmless_text_is_never_refused(
    name: str,
    email: str,
    answers: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answers.update(project_name=name, project_slug="project", author_email=email)
    project = rendered_as_typed(tmp_path_factory.mktemp("harmless"), capfd)
    assert project is not None
    assert_intact(project, answers)


@property_test
@given(slug=st.text(max_size=60) | st.from_regex(r"[a-z0-9]{1,9}([-_][a-z0-9]{1,9}){0,5}\Z"))
def test_any_slug_stays_inside_the_output_folder(
    slug: str,
    answers: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answers.update(project_slug=slug)
    folder = tmp_path_factory.mktemp("slug") / "output"
    folder.mkdir()
    project = rendered_as_typed(folder, capfd)
    assert [path.name for path in folder.parent.iterdir()] == ["output"]
    assert list(folder.iterdir()) == ([] if project is None else [folder / slug])
    if project:
        assert_intact(project, answers)
