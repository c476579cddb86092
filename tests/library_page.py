"""The page on Flask-RESTX in docs/: its document is that of its namespace.

`python tests/library_page.py` rewrites the document.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from matrix.combinations import Combination
from matrix.environments import environment
from matrix.rendering import render
from recipes import BLOCK, change

PAGE = Path(__file__).parent.parent / "docs" / "flask-restx.md"


def document_on(page: str) -> str:
    """Return the document on a page."""
    return str(next(text for kind, text in BLOCK.findall(page) if kind == "json"))


def document_of(page: str, folder: Path) -> str:
    """Return the document of the namespace on a page, mounted in a project below a folder."""
    module, line, *_ = (text for kind, text in BLOCK.findall(page) if kind == "python")
    project = render(Combination.of(api_flavor="restx").answers, folder)
    (project / "app/resources/shelves.py").write_text(module, "utf-8")
    change(project / "app/routes.py", "     posts,\n+    shelves,\n")
    change(project / "app/routes.py", f'     "/posts": posts.PostList,\n+{line}')
    python = str(environment(project).parent / "python")
    done = subprocess.run(
        [python, "-m", "flask", "--app", "wsgi", "openapi"],
        cwd=project,
        env={"FLASK_CONFIG": "development"},
        capture_output=True,
        check=True,
    )
    return json.dumps(_shown(json.loads(done.stdout)), indent=2) + "\n"


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    """Return what a document has of the namespace, without what every operation has."""
    paths = {path: item for path, item in document["paths"].items() if "/shelves" in path}
    schemas, named = document["components"]["schemas"], _named(paths) - {"Problem"}
    while more := {name for each in named for name in _named(schemas[each])} - named:
        named |= more
    found = {name: schema for name, schema in schemas.items() if name in named}
    return {
        "openapi": document["openapi"],
        "paths": _without_the_usual(paths),
        "components": {"schemas": found},
    }


def _named(part: Any) -> set[str]:
    return set(re.findall(r"#/components/schemas/(\w+)", json.dumps(part)))


def _without_the_usual(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_the_usual(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _without_the_usual(inner)
        for key, inner in part.items()
        if key != "headers"
        and not (isinstance(inner, dict) and "/responses/" in inner.get("$ref", ""))
    }


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        found = document_of(page, Path(folder))
    PAGE.write_text(page.replace(f"```json\n{document_on(page)}", f"```json\n{found}"), "utf-8")
