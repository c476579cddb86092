"""Rules for every rendered project, as functions that return the faults they find."""

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
from fnmatch import fnmatch
from functools import cache
from itertools import chain
from pathlib import Path, PurePosixPath

import yaml
from jinja2 import Environment
from jinja2.lexer import (
    TOKEN_BLOCK_BEGIN,
    TOKEN_RAW_BEGIN,
    TOKEN_RAW_END,
    TOKEN_VARIABLE_BEGIN,
)
from jinja2.nodes import Compare, CondExpr, Const, Expr, Getattr, If, Node, Not, Operand
from matrix.combinations import CHOICES, KIT, OPTIONS, Combination
from packaging.requirements import InvalidRequirement, Requirement
from recipes import files_made

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


def _instructions(text: str) -> list[list[str]]:
    """Return the instructions of a Dockerfile, each apart from its arguments."""
    without_comments = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    lines = without_comments.replace("\\\n", " ").splitlines()
    return [line.split(maxsplit=1) for line in lines if line.strip()]


def _dockerfile(text: str) -> None:
    instructions = _instructions(text)
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


def _javascript(text: str) -> None:
    if node := shutil.which("node"):
        done = subprocess.run(
            [node, "--check", "-"],
            input=text,
            capture_output=True,
            text=True,
        )
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
    "*.js": _javascript,
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

RANDOM = re.compile(r"[\w-]{32,}")


# Words that only projects with one of these choices may contain, in any file, name or pin.
WORDS = {
    word: {answer for answer, choice in CHOICES.items() if word in choice.words}
    for word in chain.from_iterable(choice.words for choice in CHOICES.values())
}


def foreign_faults(project: Path, combination: Combination) -> list[str]:
    """Return a line for each word that belongs to choices not taken."""
    taken = combination.answers.items()
    return [
        f"{name}: {word!r} belongs to {' or '.join(map('='.join, sorted(WORDS[word])))}"
        for name, text in files_of(project)
        for word in _words(name, text)
        if WORDS[word].isdisjoint(taken)
    ]


@cache
def _words(name: str, text: str) -> list[str]:
    """Return the words of choices that a file says; most projects have the same files."""
    # A secret is random, and holds any short word now and then.
    said = f"{name}\n{RANDOM.sub('', text)}".lower()
    return [word for word in WORDS if word.lower() in said]


# --- the files are exactly the expected ones ----------------------------------------------------


def expected_files(combination: Combination) -> set[str]:
    """Return the paths in tests/files.txt, and those of the combination's choices."""
    lines = FILE_LIST.read_text("utf-8").splitlines()
    everywhere = {line for line in lines if not line.startswith("#")}
    return everywhere.union(*(choice.files for choice in combination.facts))


def file_list_faults(project: Path, combination: Combination) -> list[str]:
    """Return a line for each file that is missing or not expected."""
    expected = expected_files(combination)
    found = {name for name, _ in files_of(project)}
    return [
        *(f"{name} is in no list of files" for name in sorted(found - expected)),
        *(f"{name} is expected and missing" for name in sorted(expected - found)),
    ]


# --- what files name exists ---------------------------------------------------------------------

# Made when the project runs, named by its files and kept out of git.
MADE_LATER = {".env", ".venv", ".tox", "instance", "htmlcov"}
NAME = re.compile(r"(?<![\w./*-])(?:\./)?([\w.-]+(?:/[\w.*-]+)*/?)")
QUOTED = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/?)`")
FILE = re.compile(r"\.(py|toml|ya?ml|ini|txt|conf|md|sql|mako)$")
SERVED = re.compile(r"(?<=--app )\w+|(?<=FLASK_APP=)\w+|\b\w+(?=:app\b)")


def _in_compose(text: str) -> Iterator[str]:
    for service in yaml.safe_load(text)["services"].values():
        if "build" in service:
            yield f"{service['build']}/Dockerfile"
        sources = (volume.partition(":")[0] for volume in service.get("volumes", ()))
        yield from (source for source in sources if source.startswith("."))


def _in_dockerfile(text: str) -> Iterator[str]:
    for instruction, *rest in _instructions(text):
        words = " ".join(rest).split()
        if instruction in ("ADD", "COPY") and not words[0].startswith("--from="):
            yield from (word for word in words[:-1] if not word.startswith("--"))


def _in_dockerignore(text: str) -> Iterator[str]:
    yield from re.findall(r"(?m)^!(.+)", text)


def _in_pyproject(text: str) -> Iterator[str]:
    tool = tomllib.loads(text)["tool"]
    yield from tool["coverage"]["run"]["source"]
    yield from tool["mypy"]["files"]
    yield from tool["pytest"]["ini_options"]["testpaths"]
    yield from tool["ruff"]["format"]["exclude"]
    yield from tool["ruff"]["lint"]["per-file-ignores"]
    # import-linter looks for the modules that it is told of by itself.
    for override in tool["mypy"].get("overrides", []):
        named = override["module"]
        for module in [named] if isinstance(named, str) else named:
            if module.startswith(("app.", "tests.")):
                yield module.replace(".", "/") + ("" if module.endswith("*") else ".py")


# What a format's own keys name; a name with a known ending is found in any file.
NAMED_IN: dict[str, Callable[[str], Iterator[str]]] = {
    "compose.yaml": _in_compose,
    "Dockerfile": _in_dockerfile,
    ".dockerignore": _in_dockerignore,
    "pyproject.toml": _in_pyproject,
}


@cache
def _named(name: str, text: str) -> tuple[set[str], set[str]]:
    """Return what a file names for certain, and what is a path if a folder bears its first part."""
    certain = {f"{module}.py" for module in SERVED.findall(text)}
    if name in NAMED_IN:
        certain.update(str(PurePosixPath(path)) for path in NAMED_IN[name](text))
    # Python's own strings name files that tests make; a sentence ends in a dot.
    found = (QUOTED if name.endswith(".py") else NAME).findall(text)
    words = {word.rstrip(".") for word in found}
    endings = {word for word in words if FILE.search(word)}
    return certain | endings, {word for word in words - endings if "/" in word}


def path_faults(project: Path, _: Combination | None = None) -> list[str]:
    """Return a line for each path that a file names, or a document links to, and that is not."""
    faults = []
    tops = {path.name for path in project.iterdir()}
    for name, text in files_of(project):
        folder = (project / name).parent
        if name.endswith(".md"):
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
                if "://" not in target and not (folder / target).exists():
                    faults.append(f"{name}: the link to {target} leads nowhere")
        certain, possible = _named(name, text)
        if name == "README.md":
            certain, possible = certain - files_made(text), possible - files_made(text)
        for path in sorted(certain | {path for path in possible if path.split("/")[0] in tops}):
            if path.split("/")[0] not in MADE_LATER and not any(project.glob(path)):
                faults.append(f"{name}: {path} does not exist")
    return faults


def context_faults(project: Path, _: Combination | None = None) -> list[str]:
    """Return a line for each file that the image copies and .dockerignore keeps from it."""
    copied = _in_dockerfile((project / "Dockerfile").read_text("utf-8"))
    let_through = {*_in_dockerignore((project / ".dockerignore").read_text("utf-8"))}
    return [
        f"Dockerfile: {path} is left out by .dockerignore"
        for path in copied
        if path not in let_through
    ]


# --- the example of .env lists what is read ------------------------------------------------------

LISTED = re.compile(r"(?m)^(?:# )?([A-Z][A-Z0-9_]*)=")
READ = re.compile(
    r"""
    ^\ {4}([A-Z][A-Z0-9_]+)\ =\ (?:settings\.)?
        (?: text | path | whole_number | flag | choice | items | origins | rate_limits | secret
          | optional_secret | setting )\(
    | \b(?: database\.address\( | value\( | os\.environ\.get\( | os\.environ\[ | environ\.get\( )
        \s* "([A-Z0-9_]+)"
    | "([A-Z0-9_]+)"\ (?:not\ )?in\ os\.environ
    | \$\{([A-Z0-9_]+)
    """,
    re.VERBOSE | re.MULTILINE,
)


def setting_faults(project: Path, _: Combination | None = None) -> list[str]:
    """Return a line for each variable that .env.example lacks, or that nothing reads."""
    listed, read = set(), set()
    for name, text in files_of(project):
        if name == ".env.example":
            listed = set(LISTED.findall(text))
        elif name.startswith("app/") or name in {"gunicorn.conf.py", "compose.yaml"}:
            read |= {"".join(names) for names in READ.findall(text)}
    return [
        *(f".env.example lacks {name}" for name in sorted(read - listed)),
        *(f".env.example lists {name}, which nothing reads" for name in sorted(listed - read)),
    ]


RENDER_CHECKS: tuple[Callable[[Path, Combination], list[str]], ...] = (
    parse_faults,
    leftover_faults,
    foreign_faults,
    file_list_faults,
    path_faults,
    context_faults,
    setting_faults,
)


# --- the source of the template ------------------------------------------------------------------

TEMPLATE = KIT / "{{cookiecutter.project_slug}}"
MOST_TAGS = 265
MOST_TAGS_IN_APP = 5
JINJA = Environment()


def copied(template: Path) -> list[str]:
    """Return the patterns of the files and folders that are copied rather than rendered."""
    prompts = json.loads((template.parent / "cookiecutter.json").read_text("utf-8"))
    patterns: list[str] = prompts["_copy_without_render"]
    return patterns


def rendered_files(template: Path) -> dict[str, str]:
    """Return the texts of the template's files that are rendered rather than copied, by name."""
    patterns = copied(template)
    return {
        name: text
        for name, text in files_of(template)
        if not any(
            fnmatch(str(path), pattern)
            for path in (PurePosixPath(name), *PurePosixPath(name).parents)
            for pattern in patterns
        )
    }


def tags(template: Path) -> dict[str, int]:
    """Count the `{% … %}` and `{{ … }}` in the text of each file; those in its name don't count."""
    kinds = {TOKEN_BLOCK_BEGIN, TOKEN_VARIABLE_BEGIN, TOKEN_RAW_BEGIN, TOKEN_RAW_END}
    return {
        name: sum(kind in kinds for _, kind, _ in JINJA.lex(text))
        for name, text in rendered_files(template).items()
    }


def tag_faults(template: Path) -> list[str]:
    """Return a line for each file of app/ with too many tags, and one if all have too many."""
    counts = tags(template)
    total = sum(counts.values())
    return [
        *(
            f"{name}: {count} tags, at most {MOST_TAGS_IN_APP} in a file of app/"
            for name, count in counts.items()
            if name.startswith("app/") and count > MOST_TAGS_IN_APP
        ),
        *([f"{total} tags, at most {MOST_TAGS} in the template"] if total > MOST_TAGS else []),
    ]


def unnamed_choice_faults(template: Path) -> list[str]:
    """Return a line for each condition that covers choices without naming them.

    A choice that is added later would inherit what such a branch says, instead of failing.
    """
    prompts = json.loads((template.parent / "cookiecutter.json").read_text("utf-8"))
    return [
        *(
            f"{name}:{line}: {what}"
            for name, text in rendered_files(template).items()
            for line, what in _unnamed_choices(text)
        ),
        *(
            f"file name {name}: {what}"
            for name, _ in files_of(template)
            for _, what in _unnamed_choices(name)
        ),
        *(
            f"cookiecutter.json: {name}: {what}"
            for name, value in prompts.items()
            if name.startswith("__") and isinstance(value, str)
            for _, what in _unnamed_choices(value)
        ),
    ]


def _unnamed_choices(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the kind of each condition that covers choices without naming them."""
    for node in JINJA.parse(text).find_all((If, CondExpr, Compare, Not)):
        match node:
            case If(else_=[_, *_]) if any(map(_asks, [node.test, *(e.test for e in node.elif_)])):
                yield node.lineno, "an else on a choice"
            # Without a value there, nothing is said for the others.
            case CondExpr(expr2=Expr()) if _asks(node.test) and node.expr2 != Const(""):
                yield node.lineno, "an else on a choice"
            case Compare(ops=[Operand(op="ne" | "notin")]) if _asks(node):
                yield node.lineno, "a choice that is excluded"
            case Not() if _asks(node.node):
                yield node.lineno, "a choice that is excluded"


def _asks(expression: Node) -> bool:
    """Tell whether an expression looks at the answer to a prompt with choices."""
    return any(
        node.attr in OPTIONS
        for node in (expression, *expression.find_all(Getattr))
        if isinstance(node, Getattr)
    )


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
