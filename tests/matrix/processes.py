"""The processes that a run starts, and that end with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND_SECONDS = 600
WARM = Path(__file__).with_name("warm.py")


class Running:
    """The process groups of a run, so that all of them can be ended together."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._changed = threading.Condition()
        self.stopped = False

    @contextmanager
    def watch(self, group: int) -> Iterator[threading.Event]:
        """End `group` with the block, or before if it takes too long, which sets the event."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            signal_group(group, signal.SIGKILL)

        timer = threading.Timer(COMMAND_SECONDS, expire)
        timer.start()
        with self._changed:
            self._groups.add(group)
            if self.stopped:
                signal_group(group, signal.SIGKILL)
        try:
            yield expired
        finally:
            timer.cancel()
            # Processes that the command left behind go with it.
            signal_group(group, signal.SIGKILL)
            with self._changed:
                self._groups.discard(group)
                self._changed.notify_all()

    def stop(self) -> None:
        """End every group, now and to come; suites get a moment to drop their databases."""
        with self._changed:
            self.stopped = True
            # Twice: where Python runs a callback of its own, an interrupt is reported and lost.
            for _ in range(2):
                for group in self._groups:
                    signal_group(group, signal.SIGINT)
                self._changed.wait_for(lambda: not self._groups, timeout=5)
            for group in self._groups:
                signal_group(group, signal.SIGKILL)


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to every process of `group`, if there is one."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


@dataclass
class Done:
    """How a command ended, and what it wrote."""

    status: int
    output: str
    expired: bool = False

    @property
    def cut_short(self) -> str:
        """The reason that the command was ended early, if it was."""
        if self.expired:
            return f"took longer than {COMMAND_SECONDS} seconds"
        if self.status < 0:
            return f"was ended by {signal.Signals(-self.status).name}"
        return ""


def start(
    command: Sequence[str], folder: Path, env: Mapping[str, str], **options: Any
) -> subprocess.Popen[str]:
    """Start `command` in a process group of its own, with its output in one pipe."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        **options,
    )


def run(
    command: Sequence[str],
    folder: Path,
    env: dict[str, str],
    running: Running | None = None,
    **account: Any,
) -> Done:
    """Run `command` in a group of its own, which ends with it, by `running` or an interrupt."""
    process = start(command, folder, env, **account)
    with process, (running or Running()).watch(process.pid) as expired:
        output, _ = process.communicate()
    return Done(process.returncode, output, expired.is_set())


class Warm:
    """A process on an environment's Python that forks one suite after another (see warm.py)."""

    def __init__(self, python: Path, folder: Path, env: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.python = python
        self._folder = folder
        self._process = subprocess.Popen(
            [python, WARM],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self, arguments: Sequence[str], folder: Path, env: dict[str, str], running: Running
    ) -> Done:
        """Run pytest in `folder`."""
        output = self._folder / "output"
        order = {
            "folder": str(folder),
            "environment": env,
            "arguments": list(arguments),
            "output": str(output),
        }
        assert self._process.stdin is not None
        # One that has ended says so instead of an answer.
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        with running.watch(self._answer()) as expired:
            status = self._answer()
        return Done(status, output.read_text("utf-8", "replace"), expired.is_set())

    def _answer(self) -> int:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            ended = Done(self._process.wait(), "")
            raise RuntimeError(f"the process that forks suites {ended.cut_short or 'ended'}")
        return int(answer)

    @property
    def ended(self) -> bool:
        """Whether the process forks no more suites."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the process."""
        # Where it has ended by itself, an order may be left that nobody takes.
        with suppress(BrokenPipeError), self._process:
            self._process.kill()
