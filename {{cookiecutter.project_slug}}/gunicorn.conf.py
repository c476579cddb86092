"""Serve with `gunicorn wsgi:app`, which reads this file from the project's folder."""

{% if not cookiecutter.__in_process %}
import atexit
{% endif %}
import os
{% if not cookiecutter.__in_process %}
import shutil
{% endif %}
import sys
{% if not cookiecutter.__in_process %}
import tempfile
{% endif %}
from pathlib import Path

from dotenv import load_dotenv

load_dotenv(Path(__file__).with_name(".env"))


def whole_number(name: str, default: int, highest: int) -> int:
    """Read a number from 1 to `highest` from the environment, or end with one line."""
    text = os.environ.get(name) or str(default)
    readable = text.isascii() and text.isdecimal() and len(text) < 10
    if not readable or not 1 <= int(text) <= highest:
        sys.exit(f"{name} must be a whole number from 1 to {highest}, not {text[:40]!r}.")
    return int(text)


# A platform or container that names a port routes to it from outside; without one, a proxy on
# this machine is in front and nobody else should reach the socket.
host = "0.0.0.0" if os.environ.get("PORT") else "127.0.0.1"  # noqa: S104
bind = f"{host}:{whole_number('PORT', 8000, 65535)}"

worker_class = "gthread"
threads = 8
{% if cookiecutter.__in_process %}
{% if cookiecutter.cache_backend == 'simple' and cookiecutter.limiter_backend == 'memory' %}
# The cache and the rate limits live in the process, so a second one would not share them.
{% elif cookiecutter.cache_backend == 'simple' %}
# The cache lives in the process, so a second one would serve what the first knows is stale.
{% else %}
# The rate limits are counted in the process, so a second one would double them.
{% endif %}
workers = 1
{% else %}
# gunicorn reads this before it reads us, and ends by itself where it is no number.
workers = whole_number("WEB_CONCURRENCY", 2, 256)
{% endif %}

# Loaded once, before forking: a wrong configuration ends the start with its one line instead of
# a worker that dies and is started again for ever.
preload_app = True

# Docker, the most impatient of the usual platforms, kills 10 seconds after asking.
graceful_timeout = 8

# Longer than proxies keep an idle connection (nginx 60 seconds, Heroku 90): the side that closes
# it must be the one that would use it next, or a request is lost now and then.
keepalive = 95

# The heartbeat is a file; on a slow disk, writing it would look like a hanging worker.
memory = Path("/dev/shm")  # noqa: S108
worker_tmp_dir = str(memory) if memory.is_dir() else None

# Needs a writable home, which a container does not have.
control_socket_disable = True

# Whose X-Forwarded-* to believe is decided by TRUSTED_PROXIES alone.
forwarded_allow_ips = ""

# nginx allows request lines of 8 KiB; what it lets through must not fail here.
limit_request_line = 8190

# The application writes one structured line per request itself.
accesslog = None
{% if not cookiecutter.__in_process %}

if workers > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    # Workers add up their metrics in files. A new folder per start keeps old numbers out.
    metrics_folder = tempfile.mkdtemp(prefix="metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_folder

    @atexit.register
    def remove_metrics() -> None:
        """Remove the metrics' folder when the master ends, as a daemon too."""
        shutil.rmtree(metrics_folder, ignore_errors=True)

    def post_fork(server: object, worker: object) -> None:
        """Leave the folder to the master when a worker ends."""
        atexit.unregister(remove_metrics)
{% endif %}
