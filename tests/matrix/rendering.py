"""Render projects in this process, apart from the user's own cookiecutter files."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cookiecutter.environment import StrictEnvironment
from cookiecutter.main import cookiecutter

from matrix.combinations import KIT

# Two thirds of the work of a render is to compile texts, nearly all of which all renders share.
compiled: dict[tuple[Any, ...], Any] = {}

# cookiecutter changes the working directory of the whole process while it renders.
_one_at_a_time = threading.Lock()


class Environment(StrictEnvironment):
    """cookiecutter's environment, but what was compiled in this process is not compiled again."""

    def compile(self, source: Any, *names: Any, **options: Any) -> Any:
        """Return the code for a text, which is the same in each of cookiecutter's environments."""
        key = (source, *names, *options.items())
        if key not in compiled:
            compiled[key] = super().compile(source, *names, **options)
        return compiled[key]


def render(
    answers: Mapping[str, str], into: Path, template: Path = KIT, *, no_input: bool = True
) -> Path:
    """Render `template` with `answers` below the folder `into` and return the project's folder."""
    with (
        _one_at_a_time,
        patch("cookiecutter.utils.StrictEnvironment", Environment),
        tempfile.TemporaryDirectory(prefix="kit-cookiecutter-") as folder,
    ):
        config = Path(folder) / "config.json"
        config.write_text(
            json.dumps({"replay_dir": f"{folder}/replay", "cookiecutters_dir": f"{folder}/clones"})
        )
        usual = tempfile.tempdir
        # cookiecutter leaves its copies of the hooks among the temporary files.
        tempfile.tempdir = folder
        try:
            project = cookiecutter(
                str(template),
                no_input=no_input,
                extra_context=dict(answers),
                output_dir=str(into),
                config_file=str(config),
            )
        finally:
            tempfile.tempdir = usual
    return Path(project)
