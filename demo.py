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
import time
from pathlib import Path

KIT = Path(__file__).resolve().parent


def occupied(port: int) -> bool:
    """Tell whether something on this machine listens on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def render(folder: Path) -> Path:
    """Render the default project below `folder` with cookiecutter's own files kept there too."""
    config = folder / "config.json"
    config.write_text(f'{{"replay_dir": "{(folder / "replay").as_posix()}"}}')
    command = [sys.executable, "-m", "cookiecutter", str(KIT), "--no-input"]
    options = ["--config-file", str(config), "--output-dir", str(folder)]
    # cookiecutter leaves its copies of the hooks among the temporary files.
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    env = {**os.environ, **places}
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL, env=env)
    return folder / "flask-api"


def install(project: Path) -> Path:
    """Make the project an environment of exactly its own pins and return its programs' folder."""
    uv = [sys.executable, "-m", "uv"]
    subprocess.run(
        [*uv, "venv", "--quiet", "--python", sys.executable, ".venv"], cwd=project, check=True
    )
    programs = project / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    pins = ["--require-hashes", "--requirements", "requirements.txt"]
    subprocess.run(
        [*uv, "pip", "install", "--quiet", "--python", str(programs / "python"), *pins],
        cwd=project,
        check=True,
    )
    return programs


def serve(project: Path, programs: Path, port: int) -> int:
    """Migrate, fill and serve until Ctrl-C, and return the exit status."""
    flask = str(programs / "flask")
    env = {**os.environ, "FLASK_CONFIG": "development"}
    for step in (["db", "upgrade"], ["seed-demo"]):
        subprocess.run([flask, *step], cwd=project, env=env, check=True)
    server = subprocess.Popen(
        [flask, "run", "--no-reload", "--port", str(port)], cwd=project, env=env
    )
    try:
        while server.poll() is None and not occupied(port):
            time.sleep(0.05)
        if server.poll() is None:
            address = f"http://127.0.0.1:{port}/api/v1/docs"
            print(f"\nThe docs page: {address}   Ctrl-C ends it.\n", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        # A terminal sends Ctrl-C to the server as well; a bare signal reaches this process alone.
        server.terminate()
        server.wait()
        return 0


def interrupt(number: int, frame: object) -> None:
    """End once: tox and the terminal both send the signal, and cleaning up takes a while."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--port", type=int, default=5000)
    port = parser.parse_args().port
    # With 0 the server would choose, and nobody would know its address.
    if not 1 <= port <= 65535:
        print(f"demo: {port} is no port; there are 1 to 65535")
        return 1
    if occupied(port):
        other = port + 1 if port < 65535 else port - 1
        print(f"demo: port {port} is occupied; try: tox run -e demo -- --port {other}")
        return 1
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    folder = Path(tempfile.mkdtemp(prefix="flask-api-demo-"))
    try:
        project = render(folder)
        print("Installing the packages of the rendered project …", flush=True)
        return serve(project, install(project), port)
    except KeyboardInterrupt:
        return 0
    except subprocess.CalledProcessError as error:
        print(f"demo: {' '.join(map(str, error.cmd))} failed", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
