"""Liveness, readiness and metrics."""

{% if not cookiecutter.__in_process %}
from pathlib import Path

{% endif %}
import pytest
from flask import Flask
{% if not cookiecutter.__in_process %}
from prometheus_client import CollectorRegistry, Counter, values
{% endif %}

from tests.kit.things import another_kit_app{{ ', caller_of' if cookiecutter.database == 'sqlite' }}
from tests.support.client import Client, new_client
from tests.support.database import UNREACHABLE


def test_process_says_that_it_lives(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_service_says_that_it_is_ready(client: Client) -> None:
    response = client.get("/readyz")
    checks = {"database": "ok", "cache": "ok", "limiter": "ok"}
    assert (response.status_code, response.json) == (200, {"status": "ok", "checks": checks})


def test_service_without_cache_and_limits_is_ready(app: Flask) -> None:
    with another_kit_app(app, CACHE_TYPE="NullCache", RATELIMIT_ENABLED="false") as other:
        assert new_client(other).get("/readyz").status_code == 200


AWAY = [
    ("database", {"TEST_DATABASE_URL": UNREACHABLE}),
{% if cookiecutter.cache_backend == 'redis' %}
    ("cache", {"CACHE_REDIS_URL": "redis://127.0.0.1:1/0"}),
{% elif cookiecutter.cache_backend == 'memcached' %}
    ("cache", {"CACHE_MEMCACHED_SERVERS": "127.0.0.1:1"}),
{% endif %}
{% if cookiecutter.limiter_backend == 'redis' %}
    ("limiter", {"RATELIMIT_STORAGE_URI": "redis://127.0.0.1:1/0"}),
{% elif cookiecutter.limiter_backend == 'memcached' %}
    ("limiter", {"RATELIMIT_STORAGE_URI": "memcached://127.0.0.1:1"}),
{% endif %}
]


@pytest.mark.parametrize(("part", "settings"), AWAY)
def test_unavailable_part_is_named(app: Flask, part: str, settings: dict[str, str]) -> None:
    with another_kit_app(app, **settings) as other:
        client = new_client(other)
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.content_type == "application/problem+json"
        assert response.json["message"] == f"Not ready: {part}"
        assert response.json["errors"] == {part: ["Does not answer."]}
        assert response.headers["Retry-After"] == "5"
        assert client.get("/healthz").status_code == 200


{% if cookiecutter.database == 'sqlite' %}
def test_file_that_cannot_be_written_is_503(app: Flask) -> None:
    address = f"{app.config['SQLALCHEMY_DATABASE_URI']}?mode=ro&uri=true"
    read_only = address.replace("sqlite:///", "sqlite:///file:")
    with another_kit_app(app, TEST_DATABASE_URL=read_only) as other:
        response = new_client(other).get("/readyz")
        assert (response.status_code, response.json["message"]) == (503, "Not ready: database")
        refused = caller_of(other).post("/things", json={"name": "a thing"})
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert new_client(other).get("/things").status_code == 200


{% endif %}
def count(client: Client, **labels: str | int) -> float:
    """Return the number of requests with these labels in /metrics."""
    wanted = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    line = "http_requests_total{" + wanted + "} "
    found = [row for row in client.get("/metrics").text.splitlines() if row.startswith(line)]
    return float(found[0].removeprefix(line)) if found else 0


@pytest.mark.parametrize(
    ("endpoint", "paths"),
    [("v1.ThingItem", ["/things/1", "/things/2"]), ("none", ["/nothing", "/nowhere"])],
)
def test_requests_are_counted_by_endpoint_and_not_by_address(
    client: Client, endpoint: str, paths: list[str]
) -> None:
    labels: dict[str, str | int] = {"method": "GET", "endpoint": endpoint, "status": 404}
    before = count(client, **labels)
    for path in paths:
        client.get(path)
    assert count(client, **labels) == before + 2


def test_metrics_are_in_the_format_of_prometheus(client: Client) -> None:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain; version=")
    assert "# TYPE http_request_duration_seconds histogram" in response.text


def test_metrics_do_not_grow_with_what_clients_make_up(client: Client) -> None:
    before = len(client.get("/metrics").text.splitlines())
    for number in range(5):
        client.open(f"/nowhere/{number}", method=f"VERB{number}")
    assert len(client.get("/metrics").text.splitlines()) - before < 2 * 25
{% if not cookiecutter.__in_process %}


def test_metrics_of_several_workers_are_added_up(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for worker in (1, 2):
        files = values.MultiProcessValue(lambda worker=worker: worker)  # type: ignore[no-untyped-call]
        monkeypatch.setattr(values, "ValueClass", files)
        Counter("visits", "Visits.", registry=CollectorRegistry()).inc()
    assert "visits_total 2.0" in client.get("/metrics").text
{% endif %}
