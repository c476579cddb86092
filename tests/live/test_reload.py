"""gunicorn reloads again and again, and its workers go on adding up their metrics."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from matrix.combinations import Combination
from matrix.services import Servers

from live.api import START_SECONDS, Api, served

WORKERS = 2


def wait_for(api: Api, text: str, times: int) -> None:
    """Wait until the server has written something so many times."""
    give_up = time.monotonic() + START_SECONDS
    while api.log.read_text("utf-8").count(text) < times:
        assert time.monotonic() < give_up, api.log.read_text("utf-8")
        time.sleep(0.02)


def test_reloads_lose_no_request_and_no_metrics(servers: Servers, tmp_path: Path) -> None:
    combination = Combination.of(cache_backend="redis", limiter_backend="redis")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with served(
        combination,
        servers,
        tmp_path,
        TMPDIR=str(temporary),
        WEB_CONCURRENCY=str(WORKERS),
        LOG_LEVEL="INFO",
    ) as api:
        assert api.server
        health = [f"{api.origin}/healthz"] * 16
        for reloads in (1, 2, 3):
            api.server.send_signal(signal.SIGHUP)
            wait_for(api, "Booting worker", (reloads + 1) * WORKERS)
            wait_for(api, "Worker exiting", reloads * WORKERS)
            # New workers get their first requests at once.
            with ThreadPoolExecutor(len(health)) as threads:
                answers = [*threads.map(requests.get, health)]
            assert {answer.status_code for answer in answers} == {200}
            metrics = requests.get(f"{api.origin}/metrics", timeout=START_SECONDS)
            assert metrics.status_code == 200
            counted = 'http_requests_total{endpoint="healthz",method="GET",status="200"} '
            (line,) = (row for row in metrics.text.splitlines() if row.startswith(counted))
            # Those that waited for the start are counted, too.
            assert float(line.removeprefix(counted)) >= reloads * len(health)
        assert len([*temporary.glob("metrics-*")]) == 1
    assert not any(temporary.glob("metrics-*"))
