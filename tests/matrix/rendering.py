"""Render projects in this process, apart from the user's own cookiecutter files."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from cookiecutter.main import cookiecutter

from matrix.combinations import KIT

# cookiecutter changes the working directory of the whole process while it renders.
_one_at_a_time = threading.Lock()


def render(
    answers: Mapping[str, str], into: Path, template: Path = KIT, *, no_input: bool = True
) -> Path:
    """Render `template` with `answers` below the folder `into` and return the project's folder."""
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="kit-cookiecutter-") as folder:
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
