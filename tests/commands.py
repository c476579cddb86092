"""Run commands as a terminal does, and read what they print."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from matrix.processes import start

# A proxy that is set for other hosts knows nothing of this one.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def running(
    command: str | list[str], folder: Path, env: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process group of its own."""
    words = ["sh", "-c", command] if isinstance(command, str) else command
    # A shell's background jobs ignore Ctrl-C, and their children inherit that.
    heed_interrupts = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with start(words, folder, env, preexec_fn=heed_interrupts) as run:
        try:
            yield run
        finally:
            # A test that failed leaves nothing running.
            with suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGTERM)


def read_until(run: subprocess.Popen[str], text: str) -> str:
    """Return what a command prints up to and including the line with this text."""
    assert run.stdout is not None
    said = ""
    for line in run.stdout:
        said += line
        if text in line:
            return said
    pytest.fail(said)
