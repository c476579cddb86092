"""A line to a server that a test can freeze, as if the server hung."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from urllib.parse import urlsplit, urlunsplit


class Relay(ThreadingTCPServer):
    """A line to a server, on which nothing moves while it is frozen."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, server: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), Passage)
        self.server = server
        self.moving = Event()
        self.moving.set()


class Passage(BaseRequestHandler):
    """One connection."""

    server: Relay

    def handle(self) -> None:
        near = self.request
        with socket.create_connection(self.server.server) as far:
            while True:
                for source in select.select([near, far], [], [])[0]:
                    self.server.moving.wait()
                    data = source.recv(65536)
                    if not data:
                        return
                    (far if source is near else near).sendall(data)


@contextmanager
def relay_to(url: str, relays: list[Relay]) -> Iterator[str]:
    """Give an address that leads to a server by a relay, which is added to the list."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    with Relay((parts.hostname or "127.0.0.1", parts.port or 0)) as relay:
        relays.append(relay)
        thread = Thread(target=relay.serve_forever, args=(0.01,))
        thread.start()
        credentials, at, _ = parts.netloc.rpartition("@")
        netloc = f"{credentials}{at}127.0.0.1:{relay.server_address[1]}"
        try:
            yield urlunsplit(parts._replace(netloc=netloc)).removeprefix("//")
        finally:
            relay.moving.set()
            relay.shutdown()
            thread.join()
