"""The renders that most tests look at."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import pytest
from matrix.combinations import Combination, every_combination
from matrix.environments import built_once
from matrix.rendering import render


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch between the short and the long form of tests/live, and what they can leave."""
    parser.addoption("--long", action="store_true", help="run tests/live at its full length")
    parser.addoption("--screenshot", metavar="FILE", help="keep a picture of the docs page")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file together, which share servers and projects.

    Tests that name a group of their own take longest, and come first.
    """
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


def answers(combination: Combination) -> dict[str, str]:
    """Return the answers of a combination, with its name as the slug."""
    return {**combination.answers, "project_slug": combination.name}


def render_all(folder: Path) -> None:
    """Render every combination into `folder`."""
    # In processes: cookiecutter changes the working directory, so that threads would wait in line.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        list(pool.map(render, map(answers, every_combination()), repeat(folder), chunksize=6))


@pytest.fixture(scope="session")
def renders(tmp_path_factory: pytest.TempPathFactory) -> dict[Combination, Path]:
    """Every combination, rendered once for the session and not to be changed."""
    base = tmp_path_factory.getbasetemp()
    # The processes of pytest-xdist have folders of their own in a common one.
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = built_once(common / "renders", render_all)
    return {combination: folder / combination.name for combination in every_combination()}
