"""One virtual environment for each distinct set of pins, kept between runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import IO

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from matrix.combinations import KIT
from matrix.processes import Running, run

# Not the folder of a tox environment: tox empties those whenever it recreates them.
USUAL_CACHE = KIT / ".tox" / "cache"
CACHE = Path(os.environ.get("KIT_CACHE") or USUAL_CACHE)


def key_of(project: Path) -> str:
    """Return a hash of the Python version and of everything that the project pins."""
    pins = [(project / f"requirements{kind}.txt").read_bytes() for kind in ("", "-dev")]
    return hashlib.sha256(b"\0".join([sys.version.encode(), *pins])).hexdigest()[:16]


def environment(project: Path, running: Running | None = None) -> Path:
    """Return the Python of an environment that holds exactly what the project pins."""
    folder = CACHE / "environments" / key_of(project)

    def build(folder: Path) -> None:
        install(project, folder, running)
        share_compiled(folder)

    return built_once(folder, build, running) / "bin" / "python"


def built_once(folder: Path, build: Callable[[Path], None], running: Running | None = None) -> Path:
    """Return `folder`, built by this run if none before has finished it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    complete = folder / "complete"
    with folder.with_suffix(".lock").open("w") as lock:
        # Two runs at once must not build the same folder over each other.
        wait_for_lock(lock, running)
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            build(folder)
            complete.touch()
    return folder


def wait_for_lock(lock: IO[str], running: Running | None = None) -> None:
    """Lock the file when no other run has, or raise RuntimeError when this one is stopped."""
    while True:
        try:
            # Nothing interrupts a thread that waits in flock itself.
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if running and running.stopped:
                raise RuntimeError("stopped while another run has the lock") from None
            time.sleep(0.1)


def install(project: Path, folder: Path, running: Running | None = None) -> None:
    """Make the environment `folder` and install the project's pins, hashes checked."""

    def uv(*arguments: str) -> None:
        done = run([sys.executable, "-m", "uv", *arguments], KIT, {**os.environ}, running)
        if done.status:
            said = done.cut_short or done.output.strip()
            raise RuntimeError(f"uv {' '.join(arguments)}: {said}")

    python = str(folder / "bin" / "python")
    requirements = str(project / "requirements-dev.txt")
    uv("venv", "--quiet", "--python", sys.executable, str(folder))
    options = ("--quiet", "--require-hashes", "--python", python)
    uv("pip", "install", *options, "--requirements", requirements)
    uv("pip", "check", "--quiet", "--python", python)
    packages = map(str, folder.glob("lib/python*/site-packages"))
    found = distributions(path=[*packages])
    installed = {str(canonicalize_name(package.name)): package.version for package in found}
    if fault := difference(pins_of(project), installed):
        raise RuntimeError(f"the environment differs from the pins: {fault}")


def share_compiled(folder: Path) -> None:
    """Link what Python has compiled in the environment that has most packages in common.

    Both have the same file of a package, where the file system lets uv link it; where they don't,
    Python sees it by the file's time and compiles it again.
    """
    packages = packages_in(folder)

    def likeness(other: Path) -> tuple[int, int]:
        compiled = list(other.glob("lib/python*/site-packages/*/__pycache__"))
        return len(packages & packages_in(other)), len(compiled)

    others = [complete.parent for complete in folder.parent.glob("*/complete")]
    if not others:
        return
    nearest = max(others, key=likeness)
    for compiled in nearest.rglob("__pycache__/*.pyc"):
        source = compiled.parent.parent / f"{compiled.name.partition('.')[0]}.py"
        twin = folder / source.relative_to(nearest)
        link = folder / compiled.relative_to(nearest)
        if twin.exists() and twin.samefile(source) and not link.exists():
            link.parent.mkdir(exist_ok=True)
            link.hardlink_to(compiled)


def packages_in(folder: Path) -> set[str]:
    """Return the names of what is installed in an environment, with their versions."""
    return {path.name for path in folder.glob("lib/python*/site-packages/*.dist-info")}


def pins_of(project: Path) -> dict[str, str]:
    """Return the version of each package that the project pins for this Python, by its name."""
    pinned: dict[str, str] = {}
    for kind in ("", "-dev"):
        for line in (project / f"requirements{kind}.txt").read_text("utf-8").splitlines():
            if line[:1].isalnum():
                pin = Requirement(line.rstrip(" \\"))
                if pin.marker is None or pin.marker.evaluate():
                    pinned[canonicalize_name(pin.name)] = str(pin.specifier).removeprefix("==")
    return pinned


def difference(pinned: Mapping[str, str], installed: Mapping[str, str]) -> str:
    """Say which packages are installed though not pinned, or the reverse; nothing if none is."""
    told = [
        *(
            f"{name} {version} is not pinned"
            for name, version in installed.items() - pinned.items()
        ),
        *(f"{name} {version} is missing" for name, version in pinned.items() - installed.items()),
    ]
    return ", ".join(sorted(told))
