"""Run the suites of rendered projects, some at a time, and collect what came of each."""

from __future__ import annotations

import hashlib
import os
import queue
import secrets
import shutil
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

from matrix.combinations import KIT, Combination
from matrix.environments import environment, install
from matrix.processes import Done, Running, Warm, run
from matrix.rendering import render
from matrix.services import Servers

# The environment variables that a suite inherits: no setting of the developer's own projects.
KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TERM", "CI", "SSL_CERT_FILE")
# A suite whose server has gone away would fail for minutes.
MOST_FAILURES = 20
# Packages of every project that no line imports: a server, named in a string, behind an address.
UNIMPORTED = ("gunicorn", "flask-swagger-ui", "python-json-logger")
SOURCES = {path.stem for path in (KIT / "deps").glob("*.in")}


def needed(combination: Combination) -> list[str]:
    """Return the kinds of server that the combination's suite talks to."""
    return sorted({choice.server for choice in combination.facts if choice.server})


def sources(combination: Combination) -> list[str]:
    """Return the files in deps/ that combinations with the same packages have in common."""
    return sorted(SOURCES.intersection(combination.choices))


def settings(combination: Combination, servers: Servers) -> dict[str, str]:
    """Return the addresses that the combination's suite reads from its environment."""
    return {
        variable: address.format(url=servers.running[choice.server].url)
        for choice in combination.facts
        for variable, address in choice.environment.items()
    }


@dataclass
class Result:
    """The outcome of one combination; times are in seconds."""

    combination: Combination
    outcome: str
    seconds: float = 0.0
    tests: int = 0
    reason: str = ""
    output: str = ""
    phases: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time the block as the phase `name`."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.phases[name] = time.monotonic() - started

    def fail(self, reason: str) -> None:
        """Note that the combination failed, and why."""
        self.outcome, self.reason = "failed", reason


@dataclass
class Job:
    """Everything that is the same for all combinations of one run."""

    servers: Servers
    folder: Path
    deep: frozenset[Combination]
    keep: bool
    template: Path = KIT
    running: Running = field(default_factory=Running)


class Worker:
    """Runs one combination after another, each in the same folder.

    What was compiled for the project before serves the next one where a file is the same, and the
    process that forks the suites stays as long as the environment does.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.folder = Path(tempfile.mkdtemp(prefix="worker-", dir=job.folder))
        self.project = self.folder / "project"
        self._warm: Warm | None = None

    def run(self, combination: Combination) -> Result:
        """Render, install and test one combination."""
        started = time.monotonic()
        result = Result(combination, "passed")
        for step in (self._test, self._explain, self._keep):
            try:
                step(result)
            except Exception as error:
                # A later step adds to what an earlier one found.
                found = f"{type(error).__name__}: {error}"
                result.fail("; ".join(filter(None, [result.reason, found])))
        result.seconds = time.monotonic() - started
        return result

    def _test(self, result: Result) -> None:
        combination = result.combination
        with result.phase("render"):
            self._render(combination)
        deep = combination in self.job.deep
        with result.phase("install"):
            python = self._install(deep)
        env = self._variables(combination, python)
        self._suite(result, python, env, deep)
        if deep and result.outcome == "passed":
            check_types(result, self.project, python, self.job, self.folder / "mypy")
        if deep and result.outcome == "passed":
            check_imports(result, self.project, python, self.job)
        if deep and result.outcome == "passed":
            check_dependencies(result, self.project, python, self.job)

    def _explain(self, result: Result) -> None:
        """Name the servers that are gone as reasons of a failure."""
        if result.outcome == "failed":
            servers = self.job.servers.running
            gone = [servers[kind].fault() for kind in needed(result.combination)]
            result.reason = "; ".join(filter(None, [*gone, result.reason]))
        else:
            # Nobody reads it, and a run of many would hold it to its end.
            result.output = ""

    def _keep(self, result: Result) -> None:
        if self.job.keep and self.project.exists():
            # With the times of now: those in the worker's folder follow from the texts.
            shutil.copytree(
                self.project,
                self.job.folder / result.combination.name,
                ignore=shutil.ignore_patterns("__pycache__"),
                copy_function=shutil.copy,
            )

    def close(self) -> None:
        """End the process that forks suites."""
        if self._warm:
            self._warm.close()

    def _render(self, combination: Combination) -> None:
        previous = self.folder / "previous"
        shutil.rmtree(previous, ignore_errors=True)
        if self.project.exists():
            self.project.rename(previous)
        answers = {**combination.answers, "project_slug": self.project.name}
        render(answers, self.folder, self.job.template)
        keep_compiled(previous, self.project)

    def _install(self, fresh: bool) -> Path:
        if not fresh:
            return environment(self.project, self.job.running)
        folder = self.folder / "environment"
        shutil.rmtree(folder, ignore_errors=True)
        install(self.project, folder, self.job.running)
        return folder / "bin" / "python"

    def _variables(self, combination: Combination, python: Path) -> dict[str, str]:
        path = f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        return {**env, "PATH": path, **settings(combination, self.job.servers)}

    def _suite(self, result: Result, python: Path, env: dict[str, str], deep: bool) -> None:
        """Run the project's own suite: as a user does for the deep ones, else in a fork."""
        report = self.folder / "junit.xml"
        report.unlink(missing_ok=True)
        arguments = [
            *("-q", "-p", "no:cacheprovider", f"--maxfail={MOST_FAILURES}"),
            *(f"--junitxml={report}", f"--basetemp={self.folder / 'tmp'}"),
        ]
        running = self.job.running
        with result.phase("start-up"):
            if deep:
                command = [str(python), "-m", "pytest", *arguments, "--cov"]
                # The environment is new, but the packages in it are the ones of the one before.
                env["PYTHONPYCACHEPREFIX"] = str(self.folder / "compiled")
                done = run(command, self.project, env, running)
            else:
                warm = self._warm_process(python, env)
                done = warm.run(arguments, self.project, env, running)
        result.output = done.output
        judge(result, done, report)

    def _warm_process(self, python: Path, env: dict[str, str]) -> Warm:
        if not (self._warm and self._warm.python == python and not self._warm.ended):
            self.close()
            self._warm = Warm(python, self.folder / "warm", env)
        return self._warm


def keep_compiled(previous: Path, project: Path) -> None:
    """Move what was compiled for `previous` to where it serves `project` if a file is the same.

    Python and pytest compile a file again when its time differs. So files get times that follow
    from their texts.
    """
    for source in project.rglob("*.py"):
        digest = hashlib.sha256(source.read_bytes()).digest()
        stamp = int.from_bytes(digest[:4], "big") >> 1
        os.utime(source, (stamp, stamp))
    for compiled in [*previous.rglob("__pycache__")]:
        beside = project / compiled.parent.relative_to(previous)
        if beside.exists():
            compiled.rename(beside / compiled.name)


def judge(result: Result, done: Done, report: Path) -> None:
    """Decide from pytest's exit status and report whether the suite passed, and say why not."""
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    if report.exists():
        root = ElementTree.parse(report)
        for suite in root.iter("testsuite"):
            for name in counts:
                counts[name] += int(suite.get(name, 0))
        tests = sum(float(case.get("time", 0)) for case in root.iter("testcase"))
        # The rest of the suite's time is its start and its end.
        result.phases["start-up"] = max(0.0, result.phases.get("start-up", 0.0) - tests)
        result.phases["tests"] = tests
    result.tests = counts["tests"]
    bad = counts["failures"] + counts["errors"]
    if done.cut_short:
        result.fail(f"the suite {done.cut_short}")
    elif bad >= MOST_FAILURES:
        result.fail(f"{bad} tests failed, and the rest did not run")
    elif bad:
        result.fail(f"{bad} of {counts['tests']} tests failed")
    elif counts["skipped"]:
        result.fail(f"{counts['skipped']} tests were skipped, which hides what they would show")
    elif done.status:
        result.fail(f"pytest ended with status {done.status}")
    elif not counts["tests"]:
        result.fail("no test ran")


def check_types(result: Result, project: Path, python: Path, job: Job, cache: Path) -> None:
    """Check the project's types; what `cache` knows of its packages is not looked at again."""
    mypy = [str(python), "-m", "mypy", "--strict", "--cache-dir", str(cache)]
    check(result, "mypy", mypy, project, {**os.environ}, job)


def check_imports(result: Result, project: Path, python: Path, job: Job) -> None:
    """Check the contracts in the project's pyproject.toml on which package may import which."""
    command = [str(python.with_name("lint-imports")), "--no-cache"]
    check(result, "import-linter", command, project, {**os.environ}, job)


def check_dependencies(result: Result, project: Path, python: Path, job: Job) -> None:
    """Check that the project declares the packages that it uses, and no others."""
    # deptry is the kit's; the packages that it looks up have to be the project's.
    env = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    unimported = [name for choice in result.combination.facts for name in choice.unimported]
    unused = f"DEP002={'|'.join([*UNIMPORTED, *unimported])}"
    deptry = [str(python), "-m", "deptry", "."]
    # By default it leaves out the tests, which alone may use what is declared for development.
    check(result, "deptry", [*deptry, "--per-rule-ignores", unused], project, env, job)
    if result.outcome == "passed":
        rest = ["--exclude", "app", "--ignore", "DEP002,DEP004"]
        check(result, "deptry of tests", [*deptry, *rest], project, env, job)


def check(
    result: Result, name: str, command: list[str], project: Path, env: dict[str, str], job: Job
) -> None:
    """Run a command that ends with another status than 0 when it finds faults."""
    with result.phase(name):
        done = run(command, project, env, job.running)
    if done.status:
        result.fail(f"{name} {done.cut_short or 'found faults'}")
        result.output = done.output


class Plan:
    """The queue of combinations: a worker stays with those that share their environment."""

    def __init__(self, combinations: Sequence[Combination]) -> None:
        together = groupby(sorted(combinations, key=sources), sources)
        # The large ones first, so that little is left for the last worker at the end.
        self._waiting = sorted(([*group] for _, group in together), key=len)
        self._claimed: dict[Worker, list[Combination]] = {}
        self._lock = threading.Lock()

    def next(self, worker: Worker) -> Combination | None:
        """Return what `worker` is to run now, or nothing when all is run or running."""
        with self._lock:
            own = self._claimed.setdefault(worker, [])
            if not own and self._waiting:
                own = self._claimed[worker] = self._waiting.pop()
            # Nothing is left to claim: help the worker that has the most.
            own = own or max(self._claimed.values(), key=len)
            return own.pop() if own else None


def run_all(
    combinations: Sequence[Combination],
    job: Job,
    workers: int,
    tell: Callable[[Result, set[Combination]], None],
) -> None:
    """Run `combinations` with `workers` at a time; `tell` hears of each result and what runs.

    Whoever asked compares the results with the combinations: none is made up here for one that did
    not run, and one that ran twice has two.
    """
    served = []
    missing = job.servers.missing
    for combination in combinations:
        if gone := [kind for kind in needed(combination) if kind in missing]:
            reason = "; ".join(missing[kind] for kind in gone)
            tell(Result(combination, "skipped", reason=reason), set())
        else:
            served.append(combination)
    plan = Plan(served)
    finished: queue.SimpleQueue[Result | None] = queue.SimpleQueue()
    active: set[Combination] = set()

    def work() -> None:
        try:
            with closing(Worker(job)) as worker:
                while not job.running.stopped and (combination := plan.next(worker)):
                    active.add(combination)
                    result = worker.run(combination)
                    active.discard(combination)
                    finished.put(result)
        finally:
            finished.put(None)

    pool = ThreadPoolExecutor(workers)
    try:
        works = [pool.submit(work) for _ in range(workers)]
        for _ in works:
            while result := finished.get():
                tell(result, set(active))
        for done in works:
            done.result()
    finally:
        job.running.stop()
        pool.shutdown(cancel_futures=True)


def scratch_folder() -> Path:
    """Return a new folder for the renders of one run."""
    return Path(tempfile.mkdtemp(prefix=f"kit-renders-{secrets.token_hex(2)}-"))


def interpreter() -> str:
    """Return the Python that the suites run on, for the report."""
    return ".".join(map(str, sys.version_info[:3]))
