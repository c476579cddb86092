"""One virtual environment for each distinct set of pins, kept between runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from matrix.combinations import KIT

CACHE = Path(os.environ.get("KIT_CACHE") or KIT / ".tox" / "matrix")


def key_of(project: Path) -> str:
    """Return a hash of the Python version and of everything that the project pins."""
    pins = [(project / f"requirements{kind}.txt").read_bytes() for kind in ("", "-dev")]
    return hashlib.sha256(b"\0".join([sys.version.encode(), *pins])).hexdigest()[:16]


def environment(project: Path) -> Path:
    """Return the Python of an environment that holds exactly what the project pins."""
    folder = CACHE / "environments" / key_of(project)
    return built_once(folder, partial(install, project)) / "bin" / "python"


def built_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return `folder`, built by this run if none before has finished it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    complete = folder / "complete"
    with folder.with_suffix(".lock").open("w") as lock:
        # Two runs at once must not build the same folder over each other.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            build(folder)
            complete.touch()
    return folder


def install(project: Path, folder: Path) -> None:
    """Make the environment `folder` and install the project's pins, hashes checked."""
    python = str(folder / "bin" / "python")
    requirements = str(project / "requirements-dev.txt")
    uv(["venv", "--quiet", "--python", sys.executable, str(folder)])
    uv(
        [
            *("pip", "install", "--quiet", "--require-hashes", "--compile-bytecode"),
            *("--python", python, "--requirements", requirements),
        ]
    )
    uv(["pip", "check", "--quiet", "--python", python])


def uv(arguments: list[str]) -> None:
    """Run uv, and say what it said when it fails."""
    done = subprocess.run([sys.executable, "-m", "uv", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(arguments)}: {done.stderr.strip()}")
