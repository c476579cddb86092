"""The migrations of each release: `python tests/released.py 1.0.0` records them.

A database that was made with a release has run its revisions. An update that rewrites one leaves
that database without the difference, so a revision never changes after its release.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from matrix.combinations import KIT, OPTIONS, Combination
from matrix.rendering import render

RECORDS = KIT / "tests" / "released.json"

Revisions = Mapping[str, str]


def revisions(project: Path) -> dict[str, str]:
    """Return a hash of each revision of a rendered project, by its path."""
    return {
        file.relative_to(project).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted((project / "migrations" / "versions").glob("*.py"))
    }


def revision_faults(
    changelog: str,
    released: Mapping[str, Mapping[str, Revisions]],
    today: Mapping[str, Revisions],
) -> list[str]:
    """Return a line for each release without a record, and each released revision that changed.

    `released` has the revisions by release and database, `today` by database.
    """
    releases = re.findall(r"(?m)^## \[?(\d+\.\d+\.\d+)", changelog)
    return [
        *(f"{release} has no record" for release in releases if release not in released),
        *(
            f"{database}: {path} is not what {release} had"
            for release, databases in released.items()
            for database, files in databases.items()
            for path, known in files.items()
            if today[database].get(path) != known
        ),
    ]


def record(release: str) -> None:
    """Record the revisions of a release for each database."""
    records = json.loads(RECORDS.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        records[release] = {
            database: revisions(render({**answers, "project_slug": f"p-{database}"}, Path(folder)))
            for database in OPTIONS["database"]
            for answers in [Combination.of(database=database).answers]
        }
    RECORDS.write_text(json.dumps(records, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    record(sys.argv[1])
