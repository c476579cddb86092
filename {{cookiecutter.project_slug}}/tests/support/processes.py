"""Run the project's commands in processes forked from one that has imported everything."""

import atexit
import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path

PROJECT = Path(__file__).parents[2]
SECONDS = 60

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["app", "flask.cli", "gunicorn.app.wsgiapp", __name__])


def start(
    output: Path, settings: Mapping[str, str], *words: str, together: Barrier | None = None
) -> BaseProcess:
    """Run `python -m WORDS...` with these environment variables; what it prints goes to a file."""
    output.touch()
    environment = {**os.environ, **settings}
    process = _processes.Process(target=_run, args=(output, environment, words, together))
    process.start()
    return process


def start_together(
    folder: Path, *commands: tuple[Mapping[str, str], Sequence[str]]
) -> list[tuple[int | None, str]]:
    """Start commands at the same moment; return their exit statuses and output."""
    together = _processes.Barrier(len(commands))
    outputs = [folder / f"{number}.txt" for number in range(len(commands))]
    started = [
        start(output, settings, *words, together=together)
        for output, (settings, words) in zip(outputs, commands, strict=True)
    ]
    for process in started:
        process.join(SECONDS)
        process.kill()
    return [
        (process.exitcode, output.read_text())
        for process, output in zip(started, outputs, strict=True)
    ]


def _run(
    output: Path, environment: Mapping[str, str], words: Sequence[str], together: Barrier | None
) -> None:
    with output.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(PROJECT)
    os.environ.update(environment)
    sys.argv = list(words)
    if together:
        together.wait(SECONDS)
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    finally:
        # multiprocessing skips exit handlers, so gunicorn's temporary folder would be left behind.
        atexit._run_exitfuncs()
