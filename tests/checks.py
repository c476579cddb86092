"""What must hold for every rendered project, as functions that return the faults they find."""

from __future__ import annotations

import ast
import configparser
import json
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import yaml
from matrix.combinations import KIT, Combination, matches
from packaging.requirements import InvalidRequirement, Requirement

FILE_LIST = KIT / "tests" / "files.txt"
# Written by the hook with fresh secrets: never the same twice, and not in git.
SECRET = ".env"


def files_of(project: Path) -> Iterator[tuple[str, str]]:
    """Yield the path below `project`, with slashes, and the text of each rendered file."""
    for path in sorted(project.rglob("*")):
        if path.is_file():
            yield path.relative_to(project).as_posix(), path.read_bytes().decode("utf-8", "replace")


# --- each file parses ---------------------------------------------------------------------------


def _python(text: str) -> None:
    ast.parse(text)


def _yaml(text: str) -> None:
    list(yaml.safe_load_all(text))


def _ini(text: str) -> None:
    configparser.ConfigParser(interpolation=None).read_string(text)


def _shell(text: str) -> None:
    shell = re.match(r"#!.*\b(bash|sh)\b", text)
    program = shell.group(1) if shell else "bash"
    done = subprocess.run([program, "-n"], input=text, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stderr.strip())


def _requirements(text: str) -> None:
    for line in text.replace("\\\n", " ").splitlines():
        requirement = line.partition("#")[0].split(" --hash")[0].strip()
        if requirement and not requirement.startswith("-r "):
            pinned = Requirement(requirement)
            if [specifier.operator for specifier in pinned.specifier] != ["=="]:
                raise ValueError(f"{requirement} is not pinned")
            if "--hash=sha256:" not in line:
                raise ValueError(f"{requirement} has no hash")


INSTRUCTIONS = re.compile(
    "ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|ONBUILD|RUN|SHELL|STOPSIGNAL"
    "|USER|VOLUME|WORKDIR"
)


def _dockerfile(text: str) -> None:
    without_comments = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    lines = without_comments.replace("\\\n", " ").splitlines()
    instructions = [line.split(maxsplit=1) for line in lines if line.strip()]
    if not instructions or instructions[0][0] not in ("FROM", "ARG"):
        raise ValueError("the first instruction is not FROM")
    for instruction in instructions:
        if not INSTRUCTIONS.fullmatch(instruction[0]) or len(instruction) != 2:
            raise ValueError(f"no instruction: {' '.join(instruction)}")
        form = re.search(r"(?:^|CMD )(\[.*)", instruction[1])
        if instruction[0] in ("CMD", "ENTRYPOINT", "HEALTHCHECK") and form:
            json.loads(form.group(1))


def _nginx(text: str) -> None:
    # Strings and comments out of the way, every statement ends in ; or has a block.
    bare = re.sub(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", "text", text)
    bare = re.sub(r"#.*", "", bare)
    depth = 0
    for text_before, end in re.findall(r"([^;{}]*)([;{}]|\Z)", bare):
        # Only a closing brace stands alone, and nothing but white space comes after the last.
        if bool(text_before.strip()) == (end in ("}", "")):
            raise ValueError(f"a statement without its end: {text_before.strip()!r}")
        depth += {"{": 1, "}": -1}.get(end, 0)
        if depth < 0:
            raise ValueError("a } too many")
    if depth:
        raise ValueError("a { is not closed")
    if nginx := shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"):
        with tempfile.TemporaryDirectory() as folder:
            # The names of other containers are known in their network only.
            here = re.sub(r"(?m)(^\s*server )[a-z-]+(:\d+;)", r"\g<1>127.0.0.1\2", text)
            config = Path(folder) / "nginx.conf"
            config.write_text(re.sub(r"/tmp/", f"{folder}/", here))
            done = subprocess.run([nginx, "-t", "-c", str(config)], capture_output=True, text=True)
            if done.returncode:
                raise ValueError(done.stderr.strip())


def _settings(text: str) -> None:
    for line in text.splitlines():
        if line and not line.startswith("#") and not re.match(r"[A-Z][A-Z0-9_]*=", line):
            raise ValueError(f"{line!r} is not NAME=value")


def _procfile(text: str) -> None:
    for line in text.splitlines():
        if not re.match(r"[a-z]+: \S", line):
            raise ValueError(f"{line!r} is not process: command")


def _text(text: str) -> None:
    if re.search("[\0\r\ufffd]", text):
        raise ValueError("not plain text")
    if text and not text.endswith("\n"):
        raise ValueError("the last line has no end")


PARSERS: dict[str, Callable[[str], object]] = {
    "*.py": _python,
    "*.toml": tomllib.loads,
    "*.yaml": _yaml,
    "*.yml": _yaml,
    "*.json": json.loads,
    "*.ini": _ini,
    "*.cfg": _ini,
    "*.sh": _shell,
    "requirements*.txt": _requirements,
    "Dockerfile": _dockerfile,
    "deploy/nginx*.conf": _nginx,
    ".env": _settings,
    ".env.example": _settings,
    ".flaskenv": _settings,
    "Procfile": _procfile,
    "*.md": _text,
    "*.sql": _text,
    "*.mako": _text,
    ".dockerignore": _text,
    ".gitignore": _text,
    ".python-version": _text,
    "py.typed": _text,
}


@cache
def _parse_fault(pattern: str, text: str) -> str:
    try:
        _text(text)
        PARSERS[pattern](text)
    except (ValueError, SyntaxError, configparser.Error, yaml.YAMLError, InvalidRequirement) as bad:
        return f"{type(bad).__name__}: {bad}"
    return ""


def parse_faults(project: Path, _: Combination | None = None) -> list[str]:
    """Return a line for each file that its format's own parser refuses."""
    faults = []
    for name, text in files_of(project):
        patterns = [pattern for pattern in PARSERS if PurePosixPath(name).match(pattern)]
        if not patterns:
            faults.append(f"{name}: no parser is known for this kind of file")
        faults += [f"{name}: {bad}" for pattern in patterns if (bad := _parse_fault(pattern, text))]
    return faults


# --- no template text ---------------------------------------------------------------------------

# GitHub's expressions; Mako has no braces of this kind.
LEFT_OVER = re.compile(r"cookiecutter|(?<!\$)\{\{|\{%|\{#")


def leftover_faults(project: Path, _: Combination | None = None) -> list[str]:
    """Return a line for each tag or name of the template that was not rendered."""
    return [
        f"{where}: {match.group()} is left over from the template"
        for name, text in files_of(project)
        for where, line in [
            (f"file name {name}", name),
            *((f"{name}:{number}", line) for number, line in enumerate(text.splitlines(), 1)),
        ]
        if (match := LEFT_OVER.search(line))
    ]


# --- nothing of a choice not taken --------------------------------------------------------------

# What only a project with the choice may say, in any file or file name, pins included.
WORDS = {
    "database=sqlite": r"sqlite",
    "database=postgresql": r"postgres|psycopg|pg_",
    "database=mysql": r"mysql|mariadb|utf8mb4",
    "api_flavor=restx": r"restx|swagger_2",
    "api_flavor=restful": r"flask[-_. ]?restful",
    "cache_backend=redis or limiter_backend=redis": r"redis",
    "cache_backend=memcached or limiter_backend=memcached": r"memcache",
    "cache_backend=simple": r"simplecache",
    "cache_backend=redis": r"CACHE_REDIS_URL|RedisCache",
    "cache_backend=memcached": r"CACHE_MEMCACHED_SERVERS|MemcachedCache",
    "limiter_backend=redis": r"redis://[^ ]*/1\b",
    "limiter_backend=memcached": r"memcached://",
    "versioning=header": r"; version=1|media range",
}


RANDOM = re.compile(r"[\w-]{32,}")


def foreign_faults(project: Path, combination: Combination) -> list[str]:
    """Return a line for each word that belongs to a choice not taken."""
    foreign = {choice for choice in WORDS if not matches(choice, combination)}
    return [
        f"{name}: {word!r} belongs to {choice}"
        for name, text in files_of(project)
        for choice, word in _words(name, text).items()
        if choice in foreign
    ]


@cache
def _words(name: str, text: str) -> dict[str, str]:
    """Return the first word of each choice that a file says; most projects have the same files."""
    # A secret is random, and holds any short word now and then.
    said = f"{name}\n{RANDOM.sub('', text)}"
    found = ((choice, re.search(word, said, re.IGNORECASE)) for choice, word in WORDS.items())
    return {choice: match.group() for choice, match in found if match}


# --- the files are exactly the expected ones ----------------------------------------------------


def expected_files(combination: Combination) -> set[str]:
    """Return the paths that tests/files.txt lists for `combination`."""
    expected = set()
    for line in FILE_LIST.read_text("utf-8").splitlines():
        name, _, condition = line.partition("  ")
        if not name or name.startswith("#"):
            continue
        if not condition.strip() or matches(condition.strip(), combination):
            expected.add(name)
    return expected


def file_list_faults(project: Path, combination: Combination) -> list[str]:
    """Return a line for each file that is missing or not expected."""
    expected = expected_files(combination)
    found = {name for name, _ in files_of(project)}
    return [
        *(f"{name} is not in tests/files.txt" for name in sorted(found - expected)),
        *(f"{name} is expected and missing" for name in sorted(expected - found)),
    ]


# --- what documents name exists -----------------------------------------------------------------

# Made when the project runs, named by its documents and kept out of git.
MADE_LATER = {".env", ".venv", ".tox", "instance", "htmlcov"}


def path_faults(project: Path, _: Combination | None = None) -> list[str]:
    """Return a line for each link or path in a document that leads nowhere."""
    faults = []
    tops = {path.name for path in project.iterdir()}
    for name, text in files_of(project):
        if not name.endswith(".md"):
            continue
        folder = (project / name).parent
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" not in target and not (folder / target).exists():
                faults.append(f"{name}: the link to {target} leads nowhere")
        for quoted in re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", text):
            first = quoted.split("/")[0]
            looks_like_path = ("/" in quoted and first in tops) or re.search(
                r"\.(py|toml|ya?ml|ini|txt|conf|md|sql)$", quoted
            )
            if looks_like_path and first not in MADE_LATER and not (project / quoted).exists():
                faults.append(f"{name}: `{quoted}` does not exist")
    return faults


# --- style --------------------------------------------------------------------------------------


def style_faults(folder: Path) -> list[str]:
    """Return what ruff says of the projects below `folder`, each by its own configuration."""
    faults = []
    for command in (["check"], ["format", "--check"]):
        ruff = ["ruff", *command, "--output-format=concise", "--no-cache", "."]
        done = subprocess.run(ruff, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            faults += (done.stdout + done.stderr).strip().splitlines()
    return faults
