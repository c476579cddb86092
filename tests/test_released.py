"""Revisions that were released never change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from matrix.combinations import KIT, OPTIONS, Combination
from released import RECORDS, Revisions, revision_faults, revisions

CHANGELOG = (KIT / "CHANGELOG.md").read_text("utf-8")


@pytest.fixture
def today(renders: dict[Combination, Path]) -> dict[str, Revisions]:
    """The revisions of today, by database."""
    return {
        database: revisions(renders[Combination.of(database=database)])
        for database in OPTIONS["database"]
    }


def test_every_release_is_recorded_and_its_revisions_are_what_they_were(
    today: dict[str, Revisions],
) -> None:
    assert revision_faults(CHANGELOG, json.loads(RECORDS.read_text("utf-8")), today) == []


def test_release_without_a_record_is_caught(today: dict[str, Revisions]) -> None:
    assert revision_faults("## 1.0.0\n", {}, today) == ["1.0.0 has no record"]
    assert revision_faults("## 1.0.0\n", {"1.0.0": today}, today) == []


def test_revision_that_changed_after_its_release_is_caught(today: dict[str, Revisions]) -> None:
    path = next(iter(today["sqlite"]))
    changed = {**today, "sqlite": {**today["sqlite"], path: "another"}}
    removed = {**today, "sqlite": {}}
    for later in (changed, removed):
        faults = revision_faults("## 1.0.0\n", {"1.0.0": today}, later)
        assert faults == [f"sqlite: {path} is not what 1.0.0 had"]
