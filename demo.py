"""Render the default project into a scratch folder, fill it and serve it: `tox run -e demo`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

KIT = Path(__file__).resolve().parent


def occupied(port: int) -> bool:
    """Tell whether something on this machine listens on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(*command: str, cwd: Path) -> str:
    """Run a step of the preparation and return what it prints; its logs show only if it fails."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout


def render(folder: Path) -> Path:
    """Render the default project below `folder`, where cookiecutter's own files go as well."""
    config = folder / "config.json"
    config.write_text(f'{{"replay_dir": "{(folder / "replay").as_posix()}"}}')
    options = ["--no-input", "--config-file", str(config), "--output-dir", str(folder)]
    run(sys.executable, "-m", "cookiecutter", str(KIT), *options, cwd=folder)
    return folder / "flask-api"


def install(project: Path) -> str:
    """Create an environment with exactly the project's own pins and return its Python."""
    run(sys.executable, "-m", "uv", "venv", "--python", sys.executable, ".venv", cwd=project)
    python = project / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    options = ["--python", str(python), "--require-hashes", "--requirements", "requirements.txt"]
    run(sys.executable, "-m", "uv", "pip", "install", *options, cwd=project)
    return str(python)


def serve(project: Path, python: str, port: int) -> int:
    """Migrate, fill and serve the project until it is interrupted, and return the exit status."""
    flask = [python, "-m", "flask"]
    run(*flask, "db", "upgrade", cwd=project)
    accounts = run(*flask, "seed-demo", cwd=project)
    server = subprocess.Popen([*flask, "run", "--no-reload", "--port", str(port)], cwd=project)
    try:
        while server.poll() is None and not occupied(port):
            time.sleep(0.05)
        if server.poll() is None:
            print(f"\n{accounts}\nThe docs page: http://127.0.0.1:{port}/api/v1/docs", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        # A terminal sends Ctrl-C to the server as well; other signals reach this process alone.
        server.terminate()
        server.wait()
        return 0


def interrupt_on_signals() -> None:
    """Raise one KeyboardInterrupt for Ctrl-C, SIGTERM or a closed terminal."""
    signals = [
        getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
    ]

    def interrupt(number: int, frame: object) -> None:
        # tox and the terminal both send Ctrl-C, and the second must not abort the cleanup.
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in signals:
        signal.signal(each, interrupt)


def interrupt_without_parent() -> None:
    """Interrupt this process when its parent dies: a killed tox can't signal its child."""
    # Windows keeps reporting the id of a parent that has exited.
    if sys.platform == "win32":
        return
    parent, main_thread = os.getppid(), threading.main_thread().ident
    assert main_thread is not None

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        signal.pthread_kill(main_thread, signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--port", type=int, default=5000)
    port = parser.parse_args().port
    # Port 0 would let the server choose one, and nobody would know its address.
    if not 1 <= port <= 65535:
        print(f"demo: {port} is not a port; ports are 1 to 65535")
        return 1
    if occupied(port):
        other = port + 1 if port < 65535 else port - 1
        print(f"demo: port {port} is in use; append another to the command: -- --port {other}")
        return 1
    interrupt_on_signals()
    interrupt_without_parent()
    # Not in the temporary folder: it would be left there if this process itself were killed.
    scratch = KIT / ".tox"
    scratch.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=scratch))
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)))
    os.environ["FLASK_CONFIG"] = "development"
    try:
        print("Rendering the default project …", flush=True)
        project = render(folder)
        print("Installing its packages …", flush=True)
        return serve(project, install(project), port)
    except KeyboardInterrupt:
        return 0
    except subprocess.CalledProcessError as error:
        print(f"{error.stdout}{error.stderr}demo: {' '.join(error.cmd)} failed", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
