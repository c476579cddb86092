"""The renders that most tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from matrix.combinations import Combination, every_combination
from matrix.rendering import render


@pytest.fixture(scope="session")
def renders(tmp_path_factory: pytest.TempPathFactory) -> dict[Combination, Path]:
    """Every combination, rendered once for the session and not to be changed."""
    folder = tmp_path_factory.mktemp("renders")
    return {
        combination: render({**combination.answers, "project_slug": combination.name}, folder)
        for combination in every_combination()
    }
