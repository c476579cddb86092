"""Say what came of a run: lines while it goes on, a table at the end, files for machines."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from matrix.combinations import OPTIONS, Combination
from matrix.services import Servers
from matrix.suites import Result

OUTCOMES = ("passed", "failed", "skipped")
LINES_OF_A_FAILURE = 60


class Progress:
    """A line for each result: how many of how many, what failed so far, the time left."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = time.monotonic()
        self._done: Counter[str] = Counter()

    def __call__(self, result: Result, active: set[Combination]) -> None:
        """Print the line of `result`."""
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


def rows(results: Sequence[Result]) -> list[tuple[str, int, int, int, int, float]]:
    """Return for each choice of each option: expected, passed, failed, skipped, seconds."""
    table = []
    for option, choices in OPTIONS.items():
        for choice in choices:
            these = [result for result in results if result.combination[option] == choice]
            if these:
                count = Counter(result.outcome for result in these)
                seconds = sum(result.seconds for result in these)
                table.append(
                    (f"{option}={choice}", len(these), *(count[o] for o in OUTCOMES), seconds)
                )
    count = Counter(result.outcome for result in results)
    seconds = sum(result.seconds for result in results)
    table.append(("all", len(results), *(count[o] for o in OUTCOMES), seconds))
    return table  # type: ignore[return-value]


def table_text(results: Sequence[Result]) -> str:
    """Return the table of results by option."""
    head = f"{'':26}{'expected':>9}" + "".join(f"{o:>9}" for o in OUTCOMES) + f"{'seconds':>10}"
    body = [
        f"{name:26}" + "".join(f"{n:9}" for n in counts) + f"{seconds:10.1f}"
        for name, *counts, seconds in rows(results)
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


def write_reports(results: Sequence[Result], folder: Path, seconds: float) -> None:
    """Write report.json, junit.xml and summary.md into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(as_data(results, seconds), indent=1) + "\n")
    ElementTree.ElementTree(as_junit(results)).write(
        folder / "junit.xml", encoding="utf-8", xml_declaration=True
    )
    (folder / "summary.md").write_text(as_markdown(results, seconds))


def as_data(results: Sequence[Result], seconds: float) -> dict[str, object]:
    """Return the results as plain data."""
    return {
        "seconds": round(seconds, 1),
        "phases": {name: round(value, 1) for name, value in shares(results).items()},
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
            for result in results
        ],
    }


def as_junit(results: Sequence[Result]) -> ElementTree.Element:
    """Return the results as a JUnit suite with one test case for each combination."""
    count = Counter(result.outcome for result in results)
    suite = ElementTree.Element(
        "testsuite",
        name="matrix",
        tests=str(len(results)),
        failures=str(count["failed"]),
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
            tag = "failure" if result.outcome == "failed" else "skipped"
            ElementTree.SubElement(case, tag, message=result.reason).text = "".join(
                letter for letter in result.output if letter.isprintable() or letter in "\n\t"
            )
    return suite


def as_markdown(results: Sequence[Result], seconds: float) -> str:
    """Return a page for a CI job: the table and each failure with its command."""
    count = Counter(result.outcome for result in results)
    said = ", ".join(f"{count[outcome]} {outcome}" for outcome in OUTCOMES)
    lines = [f"## {len(results)} combinations: {said} in {seconds:.0f} s", ""]
    lines += ["| option | expected | passed | failed | skipped | seconds |", "|---|" + "--:|" * 5]
    for name, *counts, total in rows(results):
        lines.append(f"| {name} | {' | '.join(map(str, counts))} | {total:.1f} |")
    for result in results:
        if result.outcome != "passed":
            lines += ["", f"- **{result.combination}** {result.outcome}: {result.reason}"]
            lines += [f"  `{repeat(result)}`"]
    return "\n".join(lines) + "\n"
