"""The servers that rendered suites talk to: given by environment, started here, or in Docker."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from matrix.processes import run

START_SECONDS = 60
DATABASE = "app_test"


class Unavailable(Exception):
    """A server that can't be had here; the text says how to get it."""


def free_port() -> int:
    """Return a loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def passable_folder() -> str | None:
    """Return the folder for temporary files if every account may enter it, else a common one."""
    usual = Path(tempfile.gettempdir()).resolve()
    for folder in (usual, Path("/tmp"), Path("/var/tmp")):
        if all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents)):
            return str(folder)
    return None


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether something accepts connections on the port, here by default."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def end_with_parent() -> None:
    """Have Linux end this child when the run is killed and can't end it itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def account(*names: str) -> dict[str, str | int | list[int]]:
    """Return Popen's arguments for the first of `names`, as database servers refuse to be root."""
    if os.geteuid() != 0:
        return {}
    for name in (*names, "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise Unavailable(f"none of the accounts {', '.join(names)}, nobody exists to run it as")


def program(*names: str, folders: Iterable[str] = ()) -> str:
    """Return the path of the first of `names` that is installed, also off the PATH."""
    places = [os.environ.get("PATH", ""), *folders, "/usr/sbin", "/usr/local/sbin"]
    for name in names:
        if found := shutil.which(name, path=os.pathsep.join(places)):
            return found
    raise Unavailable(f"{names[0]} is not installed")


def postgresql_folders() -> list[str]:
    """Return the folders where distributions keep PostgreSQL's programs, newest first."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return [str(path) for path in sorted(found, key=lambda p: -float(p.parent.name))]


@dataclass
class Server:
    """A running server: what suites get told, and how to end and to examine it."""

    kind: str
    url: str
    origin: str
    # Of a server that this run started; otherwise the address tells it.
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    container: str = ""

    def ended(self) -> str:
        """Say that the server that this run started has ended, if it has."""
        if self.process is not None and (status := self.process.poll()) is not None:
            return f"the {self.kind} server ended (exit status {status})"
        if self.container:
            # Docker removes the container when it ends.
            shown = subprocess.run(["docker", "top", self.container], capture_output=True)
            return f"the {self.kind} server ({self.origin}) ended" if shown.returncode else ""
        return ""

    def fault(self) -> str:
        """Say that the server is gone, or serves nobody any more, if that is so."""
        if ended := self.ended():
            return ended
        # One that is about to end still has its process and accepts connections.
        if not (serves(self.kind, self.port) if self.port else self._accepts()):
            return f"the {self.kind} server ({self.origin}) does not answer"
        return ""

    def _accepts(self) -> bool:
        """Tell whether a server that is given accepts connections, as far as can be told."""
        url = self.url if "://" in self.url else f"//{self.url}"
        try:
            # The first of several; a password may have a comma as well.
            first = urlsplit(f"//{urlsplit(url).netloc.rpartition('@')[2].partition(',')[0]}")
            port = first.port or KINDS[self.kind].image_port
        except ValueError:
            # The suite's own words have to name it, as they do a socket in some folder.
            return True
        return not first.hostname or answers(port, first.hostname)

    def processor_seconds(self) -> float:
        """Return the processor time that the server took, where Linux tells it, or 0."""
        if self.process is None or self.process.poll() is not None:
            return 0.0
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{self.process.pid}/stat").read_text()
            # Its own time and that of its children that ended, each as program and as system.
            return sum(map(int, text.rpartition(")")[2].split()[11:15])) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def end(self) -> None:
        """End the server at once: there is nothing in it to keep."""
        if self.process is not None and self.process.poll() is None:
            # PostgreSQL frees its shared memory on SIGQUIT; the others have nothing to free.
            self.process.send_signal(
                signal.SIGQUIT if self.kind == "postgresql" else signal.SIGKILL
            )
            self.process.wait()
        if self.container:
            subprocess.run(["docker", "rm", "--force", self.container], capture_output=True)


@dataclass
class Kind:
    """The particulars of one kind of server."""

    variable: str
    package: str
    image: str
    image_port: int
    image_settings: tuple[str, ...]
    url: str
    start: Callable[[Path, int], list[str]]
    accounts: tuple[str, ...]
    # A client's first words, and the answer of a server that is ready.
    greeting: tuple[bytes, bytes]
    container_url: str = ""


def last_words(text: str) -> str:
    """Return the line that says best why a program ended: its first error, or its last line."""
    lines = text.strip().splitlines() or ["it said nothing"]
    errors = [line for line in lines if re.search(r"\berror\b|\bfatal\b", line, re.IGNORECASE)]
    return [*errors, lines[-1]][0]


def prepare(command: list[str], folder: Path, *accounts: str) -> None:
    """Run a command that creates a server's files, under the account that will serve them."""
    done = run(command, folder, {**os.environ, "TMPDIR": str(folder)}, None, **account(*accounts))
    if done.status:
        raise Unavailable(f"{command[0]} {done.cut_short or 'failed'}: {last_words(done.output)}")


def start_postgresql(folder: Path, port: int) -> list[str]:
    """Create a cluster in `folder` and return the command that serves it."""
    places = postgresql_folders()
    data = folder / "data"
    create = [
        *(program("initdb", folders=places), "--pgdata", str(data), "--username", "kit"),
        *("--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
    ]
    prepare(create, folder, "postgres")
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": 200,
        "shared_buffers": "64MB",
        "log_min_messages": "warning",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [program("postgres", folders=places), "-D", str(data), *options]


def start_mysql(folder: Path, port: int) -> list[str]:
    """Create the system tables in `folder` and return the command that serves them."""
    data = folder / "data"
    server = program("mariadbd", "mysqld")
    if "MariaDB" in subprocess.run([server, "--version"], capture_output=True, text=True).stdout:
        install = program("mariadb-install-db", "mysql_install_db")
        create = [install, "--no-defaults", "--skip-test-db", f"--datadir={data}"]
    else:
        create = [server, "--no-defaults", "--initialize-insecure", f"--datadir={data}"]
    prepare(create, folder, "mysql")
    (folder / "init.sql").write_text(
        "CREATE USER 'kit'@'%' IDENTIFIED BY 'kit';\n"
        "GRANT ALL ON *.* TO 'kit'@'%' WITH GRANT OPTION;\n"
    )
    (folder / "init.sql").chmod(0o644)
    return [
        *(server, "--no-defaults", f"--datadir={data}", f"--port={port}"),
        *("--bind-address=127.0.0.1", "--skip-name-resolve", f"--socket={folder}/s"),
        *(f"--pid-file={folder}/pid", f"--init-file={folder}/init.sql", f"--tmpdir={folder}"),
        *("--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--skip-log-bin"),
        *("--innodb-buffer-pool-size=128M", "--max-connections=200"),
        # MySQL ends where the folder that was compiled in for this is another account's.
        f"--secure-file-priv={folder}",
        # It has a second port and socket, on every interface; MariaDB knows no such thing.
        "--loose-mysqlx=OFF",
    ]


def start_redis(folder: Path, port: int) -> list[str]:
    """Return the command of a Redis that keeps nothing on disk."""
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    return [program("redis-server", "valkey-server"), "--port", str(port), *options]


def start_memcached(folder: Path, port: int) -> list[str]:
    """Return the command of a memcached on the loopback interface."""
    return [program("memcached"), "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "64"]


KINDS = {
    "postgresql": Kind(
        variable="KIT_POSTGRESQL_URL",
        package="postgresql",
        image="postgres:17",
        image_port=5432,
        image_settings=("POSTGRES_USER=kit", "POSTGRES_HOST_AUTH_METHOD=trust"),
        url=f"postgresql+psycopg://kit@127.0.0.1:{{port}}/{DATABASE}",
        start=start_postgresql,
        accounts=("postgres",),
        greeting=(
            b"\x00\x00\x00\x24\x00\x03\x00\x00user\x00kit\x00database\x00postgres\x00\x00",
            b"R",
        ),
    ),
    "mysql": Kind(
        variable="KIT_MYSQL_URL",
        package="mariadb-server",
        image="mariadb:11",
        image_port=3306,
        image_settings=("MARIADB_ROOT_PASSWORD=kit", "MARIADB_USER=kit", "MARIADB_PASSWORD=kit"),
        # Before it asks whether the server has a certificate, PyMySQL reads all authorities, in
        # 50 ms for each connection.
        url=f"mysql+pymysql://kit:kit@127.0.0.1:{{port}}/{DATABASE}?ssl_disabled=true",
        start=start_mysql,
        accounts=("mysql",),
        # It speaks first: four bytes of length and number, then the version of its protocol, which
        # is 10, where an error has 255.
        greeting=(b"", rb"....\x0a"),
        # The image gives its user one database only; suites make their own.
        container_url=f"mysql+pymysql://root:kit@127.0.0.1:{{port}}/{DATABASE}?ssl_disabled=true",
    ),
    "redis": Kind(
        variable="KIT_REDIS_URL",
        package="redis-server",
        image="redis:7",
        image_port=6379,
        image_settings=(),
        url="redis://127.0.0.1:{port}/0",
        start=start_redis,
        accounts=("redis",),
        greeting=(b"PING\r\n", rb"\+PONG"),
    ),
    "memcached": Kind(
        variable="KIT_MEMCACHED",
        package="memcached",
        image="memcached:1",
        image_port=11211,
        image_settings=(),
        url="127.0.0.1:{port}",
        start=start_memcached,
        accounts=("memcache", "memcached"),
        greeting=(b"version\r\n", b"VERSION"),
    ),
}


@dataclass
class Servers:
    """The servers of one run; leaving the `with` block ends those that it started."""

    kinds: Iterable[str]
    running: dict[str, Server] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    folder: Path = field(init=False)

    def __enter__(self) -> Servers:
        self.folder = Path(tempfile.mkdtemp(prefix="kit-servers-", dir=passable_folder()))
        # A server that runs under an account of its own has to pass through.
        self.folder.chmod(0o711)
        try:
            for kind in self.kinds:
                self._provide(kind)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """End every server that this run started and remove its files."""
        for server in self.running.values():
            server.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _provide(self, name: str) -> None:
        kind = KINDS[name]
        if url := os.environ.get(kind.variable):
            self.running[name] = Server(name, url, f"given by {kind.variable}")
            return
        try:
            self.running[name] = self._start(name, kind)
        except Unavailable as reason:
            try:
                self.running[name] = start_container(name, kind)
            except Unavailable as other:
                self.missing[name] = (
                    f"{reason}; {other}: install the package {kind.package} or set {kind.variable}"
                )

    def _start(self, name: str, kind: Kind) -> Server:
        """Start a private server on a free port; another run may take the port first."""
        for attempt in range(3):
            folder = self.folder / f"{name}-{attempt}"
            folder.mkdir()
            who = account(*kind.accounts)
            if who:
                os.chown(folder, int(str(who["user"])), int(str(who["group"])))
            port = free_port()
            log = folder / "log"
            command = kind.start(folder, port)
            with log.open("wb") as output:
                process = subprocess.Popen(  # type: ignore[call-overload]
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env={**os.environ, "TMPDIR": str(folder)},
                    start_new_session=True,
                    preexec_fn=end_with_parent,
                    **who,
                )
            url = kind.url.format(port=port)
            server = Server(name, url, f"started from {command[0]}", port, process)
            try:
                if wait_for(server):
                    return server
            except BaseException:
                server.end()
                raise
            server.end()
        said = last_words(log.read_text("utf-8", "replace"))
        raise Unavailable(f"{command[0]} did not start: {said}")


def wait_for(server: Server) -> bool:
    """Wait until the server accepts connections; False when it ended first."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.ended():
            return False
        if serves(server.kind, server.port):
            return True
        time.sleep(0.05)
    return False


def serves(kind: str, port: int) -> bool:
    """Tell whether the server is past its start.

    PostgreSQL accepts connections before that, and Docker does so for every server.
    """
    question, answer = KINDS[kind].greeting
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as link:
        link.sendall(question)
        return bool(re.match(answer, link.recv(64), re.DOTALL))
    return False


def start_container(name: str, kind: Kind) -> Server:
    """Start the server in Docker, on a port that Docker chooses."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True).returncode:
        raise Unavailable("no Docker engine answers")
    container = f"kit-{name}-{secrets.token_hex(4)}"
    settings = [item for setting in kind.image_settings for item in ("--env", setting)]
    publish = f"127.0.0.1::{kind.image_port}"
    create = [docker, "run", "--detach", "--rm", "--name", container, "--publish", publish]
    server = Server(name, kind.url, f"Docker {kind.image}", container=container)
    try:
        started = subprocess.run([*create, *settings, kind.image], capture_output=True, text=True)
        if started.returncode:
            raise Unavailable(f"docker run {kind.image} failed: {last_words(started.stderr)}")
        shown = subprocess.run(
            [docker, "port", container, str(kind.image_port)], capture_output=True, text=True
        )
        # Without an answer it has ended; the wait for it notices.
        server.port = int((shown.stdout.split() or ["0"])[0].rpartition(":")[2])
        server.url = (kind.container_url or kind.url).format(port=server.port)
        if not wait_for(server):
            raise Unavailable(server.ended() or f"the container of {kind.image} does not answer")
    except BaseException:
        server.end()
        raise
    return server
