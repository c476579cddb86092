"""Say what came of a run: lines while it goes on, a table at the end, files for machines."""

from __future__ import annotations

import json
import re
import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from matrix.combinations import OPTIONS, Combination, Misuse
from matrix.environments import wait_for_lock
from matrix.services import Servers
from matrix.suites import Result

OUTCOMES = ("passed", "failed", "skipped")
# How JUnit calls what is not passed.
TAGS = {"failed": "failure", "skipped": "skipped", "lost": "error"}
LINES_OF_A_FAILURE = 60
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Report:
    """A run: what was to come, what came, and what is wrong with it as a whole."""

    expected: Sequence[Combination]
    results: Sequence[Result]
    wrong: Sequence[str]
    seconds: float


def unaccounted(expected: Sequence[Combination], results: Sequence[Result]) -> list[Result]:
    """Return a result that says so for each combination that has not the one that was to come."""
    due, came = Counter(expected), Counter(result.combination for result in results)
    return [
        Result(combination, "lost", reason=f"{came[combination]} results, not {due[combination]}")
        for combination in due | came
        if due[combination] != came[combination]
    ]


class Progress:
    """A line for each result: how many of how many, what failed so far, the time left."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = time.monotonic()
        self._done: Counter[str] = Counter()
        self.results: list[Result] = []

    def __call__(self, result: Result, active: set[Combination]) -> None:
        """Print the line of `result` and keep it."""
        self.results.append(result)
        self._done[result.outcome] += 1
        done = self._done.total()
        left = (time.monotonic() - self._started) / done * (self._total - done)
        print(
            f"[{done:3}/{self._total}] {result.outcome:7} {result.combination.name:44}"
            f" {result.tests:4} tests {result.seconds:6.1f} s"
            f"  failed so far: {self._done['failed']}, about {left:.0f} s left"
            + (f", now: {', '.join(sorted(map(str, active)))}" if active else ""),
            flush=True,
        )
        if result.reason:
            print(f"          {result.reason}", flush=True)


def repeat(result: Result) -> str:
    """Return the command that runs this combination again and keeps its folder."""
    return f"tox run -e matrix -- --keep {result.combination.name}"


def rows(report: Report) -> list[tuple[str, int, int, int, int, float]]:
    """Return for each choice of each option: expected, passed, failed, skipped, seconds."""

    def row(name: str, choice: str = "") -> tuple[str, int, int, int, int, float]:
        expected = [c for c in report.expected if not choice or choice == c[name]]
        these = [r for r in report.results if not choice or choice == r.combination[name]]
        passed, failed, skipped = (sum(r.outcome == o for r in these) for o in OUTCOMES)
        seconds = sum(result.seconds for result in these)
        title = f"{name}={choice}" if choice else name
        return title, len(expected), passed, failed, skipped, seconds

    table = [row(option, choice) for option, choices in OPTIONS.items() for choice in choices]
    return [*(line for line in table if any(line[1:])), row("all")]


def total_text(report: Report) -> str:
    """Return the line that a run ends with."""
    count = Counter(result.outcome for result in report.results)
    ran = count["passed"] + count["failed"]
    said = ", ".join(f"{count[outcome]} {outcome}" for outcome in OUTCOMES)
    tests = sum(result.tests for result in report.results)
    seconds = f"{tests} tests in {report.seconds:.0f} s"
    return f"{len(report.expected)} expected, {ran} run, {said}: {seconds}"


def table_text(report: Report) -> str:
    """Return the table of results by option."""
    head = f"{'':26}{'expected':>9}" + "".join(f"{o:>9}" for o in OUTCOMES) + f"{'seconds':>10}"
    body = [
        f"{name:26}" + "".join(f"{n:9}" for n in counts) + f"{seconds:10.1f}"
        for name, *counts, seconds in rows(report)
    ]
    return "\n".join([head, *body])


def failures_text(results: Sequence[Result]) -> str:
    """Return each failure: why, the end of its output, and the command that repeats it."""
    parts = []
    for result in results:
        if result.outcome == "failed":
            tail = "\n".join(result.output.strip().splitlines()[-LINES_OF_A_FAILURE:])
            parts.append(f"--- {result.combination}: {result.reason}\n{tail}\n{repeat(result)}\n")
    return "\n".join(parts)


def slowest_text(results: Sequence[Result]) -> str:
    """Return the slowest ten and where their time went."""
    ran = sorted((r for r in results if r.outcome != "skipped"), key=lambda r: -r.seconds)[:10]
    lines = []
    for result in ran:
        phases = ", ".join(f"{name} {seconds:.1f}" for name, seconds in result.phases.items())
        lines.append(f"{result.seconds:7.1f} s  {result.combination.name:44} {phases}")
    return "\n".join(["The slowest:", *lines])


def shares(results: Sequence[Result]) -> dict[str, float]:
    """Return for each phase the seconds that all combinations spent in it."""
    total: Counter[str] = Counter()
    for result in results:
        total.update(result.phases)
    return {name: float(seconds) for name, seconds in total.most_common()}


def shares_text(results: Sequence[Result], servers: Servers) -> str:
    """Return which part of the time went where, and what the servers took meanwhile."""
    spent = shares(results)
    whole = sum(spent.values()) or 1.0
    parts = [f"{name} {seconds / whole:.0%}" for name, seconds in spent.items()]
    lines = [f"Where the time went: {', '.join(parts)}"]
    took = {kind: server.processor_seconds() for kind, server in servers.running.items()}
    if any(took.values()):
        said = ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in took.items())
        lines.append(f"Processor time of the servers: {said}")
    return "\n".join(lines)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other runs from the folder of the reports, which is made, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        wait_for_lock(lock)
        yield


def write_reports(report: Report, folder: Path) -> None:
    """Write report.json, junit.xml and summary.md, and add to outcomes.json what ran."""
    junit = ElementTree.tostring(as_junit(report), encoding="utf-8", xml_declaration=True)
    ran = {r.combination.name: r.outcome for r in report.results if r.outcome != "skipped"}
    with alone_in(folder):
        put(json.dumps(as_data(report), indent=1) + "\n", folder / "report.json")
        put(junit.decode(), folder / "junit.xml")
        put(as_markdown(report), folder / "summary.md")
        put(json.dumps(last_outcomes(folder) | ran, indent=1) + "\n", folder / "outcomes.json")


def put(text: str, path: Path) -> None:
    """Replace a file atomically: readers and killed runs never see half of it."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, "utf-8")
    beside.replace(path)


def last_outcomes(folder: Path) -> dict[str, str]:
    """Return how each combination ended when it last ran, by its name."""
    path = folder / "outcomes.json"
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Misuse(f"{path} can't be read: {error}") from None
    if not isinstance(found, dict):
        raise Misuse(f"{path} holds no outcomes")
    return found


def as_data(report: Report) -> dict[str, object]:
    """Return the report as plain data."""
    return {
        "expected": len(report.expected),
        "wrong": list(report.wrong),
        "seconds": round(report.seconds, 1),
        "phases": {name: round(value, 1) for name, value in shares(report.results).items()},
        "combinations": [
            {
                "name": result.combination.name,
                **result.combination.answers,
                "outcome": result.outcome,
                "tests": result.tests,
                "seconds": round(result.seconds, 2),
                "phases": {name: round(value, 2) for name, value in result.phases.items()},
                "reason": result.reason,
            }
            for result in accounts(report)
        ],
    }


def accounts(report: Report) -> list[Result]:
    """Return the results, and those that stand for combinations that are not accounted for."""
    return [*report.results, *unaccounted(report.expected, report.results)]


def as_junit(report: Report) -> ElementTree.Element:
    """Return the results as a JUnit suite with one test case for each combination."""
    results = accounts(report)
    count = Counter(result.outcome for result in results)
    suite = ElementTree.Element(
        "testsuite",
        name="matrix",
        tests=str(len(results)),
        failures=str(count["failed"]),
        errors=str(count["lost"]),
        skipped=str(count["skipped"]),
    )
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname="matrix",
            name=result.combination.name,
            time=f"{result.seconds:.2f}",
        )
        if result.outcome != "passed":
            tag = TAGS[result.outcome]
            part = ElementTree.SubElement(case, tag, message=plain(result.reason))
            part.text = plain(result.output)
    if report.wrong:
        ElementTree.SubElement(suite, "system-err").text = "\n".join(report.wrong)
    return suite


def plain(text: str) -> str:
    """Return `text` without colours, and without the letters that XML has no place for."""
    uncoloured = COLOUR.sub("", text)
    return "".join(letter for letter in uncoloured if letter.isprintable() or letter in "\n\t")


def as_markdown(report: Report) -> str:
    """Return a page for a CI job: the table and each failure with its command."""
    lines = [f"## {total_text(report)}", ""]
    lines += [f"- {wrong}" for wrong in report.wrong]
    lines += [""] if report.wrong else []
    lines += ["| option | expected | passed | failed | skipped | seconds |", "|---|" + "--:|" * 5]
    for name, *counts, total in rows(report):
        lines.append(f"| {name} | {' | '.join(map(str, counts))} | {total:.1f} |")
    for result in accounts(report):
        if result.outcome != "passed":
            # Indented, whatever stands in it is text.
            reason = textwrap.indent(plain(result.reason), " " * 6)
            lines += ["", f"- **{result.combination}** {result.outcome}:", "", reason, ""]
            lines += [f"  `{repeat(result)}`"]
    return "\n".join(lines) + "\n"
