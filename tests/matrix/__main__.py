"""Run the suites of the selected combinations: `tox run -e matrix -- --help`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from matrix.combinations import (
    KIT,
    Combination,
    Misuse,
    by_names,
    covering,
    every_combination,
    matches,
)
from matrix.environments import CACHE
from matrix.report import (
    Progress,
    Report,
    alone_in,
    failures_text,
    last_outcomes,
    shares_text,
    slowest_text,
    table_text,
    total_text,
    unaccounted,
    write_reports,
)
from matrix.services import Servers
from matrix.suites import Job, Result, interpreter, needed, run_all, scratch_folder

# The connections of this many suites stay well below the 200 that a server allows.
MOST_WORKERS = 8


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one line."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise Misuse(message)


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = Parser(prog="matrix", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="combinations, by name")
    parser.add_argument("-k", dest="expression", help="say 'database=mysql and versioning=header'")
    parser.add_argument(
        "--covering",
        type=int,
        choices=(1, 2, 3),
        help="only a subset that has each choice (1), pair (2) or triple (3) of choices",
    )
    parser.add_argument(
        "--last-failed", action="store_true", help="only what failed when it last ran"
    )
    parser.add_argument("--list", action="store_true", help="name the selection and end")
    parser.add_argument("--keep", action="store_true", help="keep the rendered projects")
    parser.add_argument(
        "--deep",
        action=argparse.BooleanOptionalAction,
        help="fresh installs, coverage, types and dependencies for all that is selected, or for"
        " none; by default for what is in the subset with each pair of choices",
    )
    parser.add_argument(
        "--workers",
        type=int,
        choices=range(1, MOST_WORKERS + 1),
        default=min(os.cpu_count() or 1, MOST_WORKERS),
        metavar="N",
        help="suites at a time; by default one for each processor, %(default)s here",
    )
    parser.add_argument(
        "--template", type=Path, default=KIT, help="another checkout of the kit to render"
    )
    parser.add_argument("--report", type=Path, default=CACHE / "report", help="folder of the files")
    parser.add_argument(
        "--require-services",
        action="store_true",
        default=bool(os.environ.get("KIT_REQUIRE_SERVICES")),
        help="fail when a server can't be had (or KIT_REQUIRE_SERVICES=1)",
    )
    return parser.parse_args(words)


def selection(options: argparse.Namespace) -> list[Combination]:
    """Return the combinations that the command line asks for."""
    chosen = by_names(options.names) if options.names else every_combination()
    if options.covering:
        subset = covering(options.covering)
        chosen = [combination for combination in subset if combination in chosen]
    if options.expression:
        chosen = [c for c in chosen if matches(options.expression, c)]
    if options.last_failed:
        last = last_outcomes(options.report)
        if not last:
            raise Misuse("nothing ran before, so nothing failed")
        chosen = [combination for combination in chosen if last.get(combination.name) == "failed"]
    if not chosen:
        raise Misuse("no combination is selected")
    return chosen


def deep_ones(options: argparse.Namespace, chosen: Sequence[Combination]) -> list[Combination]:
    """Return those that get the deep checks, the same ones alone as in a run of all."""
    if options.deep is None:
        return [combination for combination in covering(2) if combination in chosen]
    return list(chosen) if options.deep else []


def verdict(expected: Sequence[Combination], results: Sequence[Result], strict: bool) -> list[str]:
    """Return what is wrong with the run as a whole; nothing when it passed."""
    wrong = []
    count = Counter(result.outcome for result in results)
    if lost := unaccounted(expected, results):
        wrong.append(f"{len(lost)} of {len(expected)} combinations are not accounted for")
    if count["failed"]:
        wrong.append(f"{count['failed']} failed")
    if count["skipped"] and strict:
        wrong.append(f"{count['skipped']} skipped, though every server is required")
    if not count["passed"] + count["failed"]:
        wrong.append("nothing ran")
    return wrong


def execute(options: argparse.Namespace, chosen: Sequence[Combination], progress: Progress) -> str:
    """Run `chosen`, tell `progress` and return where the time went."""
    deep = deep_ones(options, chosen)
    kinds = {kind for combination in chosen for kind in needed(combination)}
    folder = scratch_folder()
    try:
        with Servers(sorted(kinds)) as servers:
            print(f"{len(chosen)} combinations on Python {interpreter()}, {len(deep)} of them deep")
            for kind, server in servers.running.items():
                print(f"  {kind}: {server.origin}")
            for kind, reason in servers.missing.items():
                print(f"  {kind}: missing: {reason}")
            job = Job(servers, folder, frozenset(deep), options.keep, options.template)
            run_all(chosen, job, options.workers, progress)
            return shares_text(progress.results, servers)
    finally:
        if options.keep:
            print(f"The renders are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def run(options: argparse.Namespace) -> int:
    """Run the selection and return the exit status."""
    chosen = selection(options)
    if options.list:
        print("\n".join(combination.name for combination in chosen))
        return 0
    try:
        # Now, rather than when all has run.
        with alone_in(options.report):
            last_outcomes(options.report)
    except OSError as error:
        raise Misuse(f"no report can be written: {error}") from None
    started = time.monotonic()
    progress = Progress(len(chosen))
    wrong = []
    try:
        shares = execute(options, chosen, progress)
    except BaseException as error:
        wrong.append(f"the run was ended by {type(error).__name__}")
        raise
    finally:
        # Report the results so far, however the run ends.
        order = every_combination().index
        results = sorted(progress.results, key=lambda result: order(result.combination))
        wrong += verdict(chosen, results, options.require_services)
        report = Report(chosen, results, wrong, time.monotonic() - started)
        write_reports(report, options.report)
    texts = failures_text(results), slowest_text(results), shares, table_text(report)
    print("", *texts, "", sep="\n\n")
    if wrong:
        print(f"matrix: {'; '.join(wrong)}", file=sys.stderr)
    print(total_text(report))
    return 1 if wrong else 0


def interrupt(number: int, frame: object) -> None:
    """End the run once: tox and the terminal both send the signal, and cleaning up takes time."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def keep_output_apart() -> None:
    """Write line by line, and let hooks, which inherit the descriptor, write to nowhere."""
    sys.stdout = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)


def main(words: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return run(arguments(words))
    except Misuse as error:
        print(f"matrix: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("matrix: interrupted; servers ended, folders removed", file=sys.stderr)
        return 130


if __name__ == "__main__":
    keep_output_apart()
    sys.exit(main())
