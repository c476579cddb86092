"""Run the suites of rendered projects, two at a time, and collect what came of each."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from matrix.combinations import KIT, Combination
from matrix.environments import environment
from matrix.rendering import render
from matrix.services import KINDS, Servers

SUITE_SECONDS = 600
# What a suite may see of the machine: no setting of the developer's own projects.
KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TERM", "CI", "SSL_CERT_FILE")
# Needed while running, imported by no line: a server, named in a string, behind an address.
NOT_IMPORTED = (
    *("gunicorn", "flask-swagger-ui", "python-json-logger"),
    *("psycopg", "pymysql", "cryptography", "redis", "pymemcache"),
)


def needed(combination: Combination) -> list[str]:
    """Return the kinds of server that the combination's suite talks to."""
    return [kind for kind in KINDS if kind in combination.choices]


def settings(combination: Combination, servers: Servers) -> dict[str, str]:
    """Return the addresses that the combination's suite reads from its environment."""
    urls = {kind: server.url for kind, server in servers.running.items()}
    found = {}
    if combination["database"] in urls:
        found["TEST_DATABASE_URL"] = urls[combination["database"]]
    if combination["cache_backend"] == "redis":
        found["CACHE_REDIS_URL"] = urls["redis"]
    if combination["cache_backend"] == "memcached":
        found["CACHE_MEMCACHED_SERVERS"] = urls["memcached"]
    if combination["limiter_backend"] == "redis":
        found["RATELIMIT_STORAGE_URI"] = urls["redis"]
    if combination["limiter_backend"] == "memcached":
        found["RATELIMIT_STORAGE_URI"] = f"memcached://{urls['memcached']}"
    return found


@dataclass
class Result:
    """What came of one combination."""

    combination: Combination
    outcome: str
    seconds: float = 0.0
    tests: int = 0
    reason: str = ""
    output: str = ""
    phases: dict[str, float] = field(default_factory=dict)


class Running:
    """The subprocesses of this run, so that all of them can be ended together."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, command: Sequence[str], folder: Path, env: dict[str, str]) -> tuple[int, str]:
        """Run `command` in a group of its own and return its exit status and output."""
        with self._lock:
            if self._stopped:
                return -1, "the run was interrupted"
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._processes.add(process)
        try:
            output, _ = process.communicate(timeout=SUITE_SECONDS)
        except subprocess.TimeoutExpired:
            end_group(process, signal.SIGKILL)
            output, _ = process.communicate()
            output += f"\nended after {SUITE_SECONDS} seconds"
        finally:
            # Whatever the command left behind goes with it.
            end_group(process, signal.SIGKILL)
            with self._lock:
                self._processes.discard(process)
        return process.returncode, output

    def stop(self) -> None:
        """End every subprocess; suites get a moment to drop their databases."""
        with self._lock:
            self._stopped = True
            processes = list(self._processes)
        for process in processes:
            end_group(process, signal.SIGINT)
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
            end_group(process, signal.SIGKILL)


def end_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to `process` and all its children."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


@dataclass
class Job:
    """What is the same for all combinations of one run."""

    servers: Servers
    folder: Path
    deep: frozenset[Combination]
    keep: bool
    template: Path = KIT
    running: Running = field(default_factory=Running)


def run_one(combination: Combination, job: Job) -> Result:
    """Render, install and test one combination."""
    started = time.monotonic()
    result = Result(combination, "passed")
    try:
        for phase in (_suite, check_sources) if combination in job.deep else (_suite,):
            if result.outcome == "passed":
                phase(result, job)
    except Exception as error:
        result.outcome, result.reason = "failed", f"{type(error).__name__}: {error}"
    if result.outcome == "failed":
        gone = [job.servers.running[kind].fault() for kind in needed(combination)]
        result.reason = "; ".join(filter(None, [*gone, result.reason]))
    result.seconds = time.monotonic() - started
    if not job.keep:
        shutil.rmtree(job.folder / combination.name, ignore_errors=True)
    return result


def project_of(combination: Combination, job: Job) -> Path:
    """Return the folder that the combination is rendered into."""
    return job.folder / combination.name / "project"


def _variables(result: Result, job: Job, python: Path) -> dict[str, str]:
    path = f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    env = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**env, "PATH": path, **settings(result.combination, job.servers)}


def _suite(result: Result, job: Job) -> None:
    """Render the combination and run the project's own suite."""
    parent = job.folder / result.combination.name
    clock = time.monotonic()
    render({**result.combination.answers, "project_slug": "project"}, parent, job.template)
    project = project_of(result.combination, job)
    result.phases["render"] = time.monotonic() - clock
    clock = time.monotonic()
    python = environment(project)
    result.phases["install"] = time.monotonic() - clock
    clock = time.monotonic()
    report = parent / "junit.xml"
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    if result.combination in job.deep:
        command.append("--cov")
    status, result.output = job.running.run(command, project, _variables(result, job, python))
    result.phases["suite"] = time.monotonic() - clock
    judge(result, status, report)


def judge(result: Result, status: int, report: Path) -> None:
    """Decide from pytest's exit status and report whether the suite passed, and say why not."""
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    if report.exists():
        for suite in ElementTree.parse(report).iter("testsuite"):
            for name in counts:
                counts[name] += int(suite.get(name, 0))
    result.tests = counts["tests"]
    bad = counts["failures"] + counts["errors"]
    if bad:
        result.reason = f"{bad} of {counts['tests']} tests failed"
    elif counts["skipped"]:
        result.reason = f"{counts['skipped']} tests were skipped, which hides what they would show"
    elif status:
        result.reason = f"pytest ended with status {status}"
    elif not counts["tests"]:
        result.reason = "no test ran"
    if result.reason:
        result.outcome = "failed"


def check_sources(result: Result, job: Job) -> None:
    """Check the types and the declared dependencies of the project in its own environment."""
    project = project_of(result.combination, job)
    python = environment(project)
    env = _variables(result, job, python)
    # deptry is the kit's; the packages that it looks up have to be the project's.
    own = {**env, "PYTHONPATH": sysconfig.get_path("purelib")}
    unused = f"DEP002={'|'.join(NOT_IMPORTED)}"
    for name, command, variables in (
        ("mypy", [str(python), "-m", "mypy", "--strict"], env),
        ("deptry", [str(python), "-m", "deptry", ".", "--per-rule-ignores", unused], own),
    ):
        clock = time.monotonic()
        status, output = job.running.run(command, project, variables)
        result.phases[name] = time.monotonic() - clock
        if status:
            result.outcome, result.reason = "failed", f"{name} found faults"
            result.output = output
            return


def run_all(
    combinations: Sequence[Combination],
    job: Job,
    workers: int,
    tell: Callable[[Result, set[Combination]], None],
) -> list[Result]:
    """Run `combinations` with `workers` at a time, in their order; `tell` hears of each result."""
    results: dict[Combination, Result] = {}
    pool = ThreadPoolExecutor(workers)
    waiting = list(reversed(combinations))
    active: dict[Future[Result], Combination] = {}
    try:
        while waiting or active:
            while waiting and len(active) < workers:
                combination = waiting.pop()
                gone = [kind for kind in needed(combination) if kind in job.servers.missing]
                if gone:
                    reason = "; ".join(job.servers.missing[kind] for kind in gone)
                    results[combination] = Result(combination, "skipped", reason=reason)
                    tell(results[combination], set(active.values()))
                else:
                    active[pool.submit(run_one, combination, job)] = combination
            done, _ = wait(active, return_when=FIRST_COMPLETED)
            for future in done:
                combination = active.pop(future)
                results[combination] = future.result()
                tell(results[combination], set(active.values()))
    finally:
        job.running.stop()
        pool.shutdown(cancel_futures=True)
    return [results[combination] for combination in combinations]


def scratch_folder() -> Path:
    """Return a new folder for the renders of one run."""
    return Path(tempfile.mkdtemp(prefix=f"kit-renders-{secrets.token_hex(2)}-"))


def interpreter() -> str:
    """Return the Python that the suites run on, for the report."""
    return ".".join(map(str, sys.version_info[:3]))
