"""Run pytest in forks of a process that has imported the environment's packages already.

An environment's own Python runs this file. Each line of standard input is an order in JSON:
`folder`, `environment`, `arguments` and `output`, a file. The answers are the number of the process
that runs the suite, which leads a group of its own, and then its exit status. A suite names what it
imported in the file `imported` of the working directory; those that follow find it there, also in
another environment. The very first one imports everything by itself, as a user's does.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import signal
import sys
import sysconfig
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

IMPORTED = Path("imported").resolve()
INSTALLED = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))


def serve() -> None:
    """Carry out orders until there are no more."""
    end_with_parent()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    preload()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            run(order)
        # Here as well as in the child: the group may be signalled as soon as its number is known.
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(child, child)
        print(child, file=answers)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers)
        preload()


def run(order: dict[str, Any]) -> NoReturn:
    """Do in this process what `python -m pytest` does in the order's folder."""
    os.setpgid(0, 0)
    end_with_parent()
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for number in (1, 2):
        os.dup2(output, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    # Where Python puts the working directory with -m; it was this file's folder so far.
    sys.path[0] = order["folder"]
    status = pytest.main(order["arguments"])
    IMPORTED.write_text("\n".join(installed_modules()))
    # Python's last collection would visit everything that was imported, for half a second.
    gc.freeze()
    sys.exit(status)


def end_with_parent() -> None:
    """Have Linux end this process with the one that waits for it, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def installed_modules() -> list[str]:
    """Return the names of what is imported from the environment and the standard library."""
    specs = ((name, getattr(module, "__spec__", None)) for name, module in sys.modules.items())
    return [
        name
        for name, spec in specs
        if spec and spec.name == name and str(spec.origin).startswith(INSTALLED)
    ]


def preload() -> None:
    """Import what suites have imported so far, plugins of pytest first, since it rewrites them."""
    known = IMPORTED.read_text().split() if IMPORTED.exists() else []
    names = [name for name in known if name not in sys.modules]
    if not names:
        return
    pytest.main(["--version", "--version"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            # The other environment has packages that this one has not.
            with suppress(ImportError):
                importlib.import_module(name)
    # Buffered output would be written by every fork.
    sys.stdout.flush()
    # These objects stay; the garbage collector of a suite need not visit them.
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    serve()
