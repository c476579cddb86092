"""Serve with `gunicorn wsgi:app`, which reads this file from the project's folder."""

{% if not cookiecutter.__in_process %}
import atexit
{% endif %}
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
{% if not cookiecutter.__in_process %}
from secrets import token_hex
from shutil import rmtree
from tempfile import gettempdir
{% endif %}
from types import ModuleType

project = Path(__file__).parent


def load(name: str) -> ModuleType:
    """Load a module by its path: its name would import the application, and metrics, too early."""
    module = ModuleType(Path(name).stem)
    SourceFileLoader(module.__name__, str(project / "app" / name)).exec_module(module)
    return module


settings, logs = load("backend/settings.py"), load("logs.py")

try:
    settings.load_env_file(project / ".env")
    port = settings.whole_number(8000, 1, 65535).value("PORT", os.environ)
{% if cookiecutter.__in_process %}
    # The process keeps in its memory what a second one would have to share.
    workers = 1
{% endif %}
{% if not cookiecutter.__in_process %}
    # A number that can't be read is refused here if it is in .env. In the environment, gunicorn
    # finds it first, and ends with a traceback.
    workers = settings.whole_number(2, 1, 256).value("WEB_CONCURRENCY", os.environ)
{% endif %}
    log_level = settings.log_level().value("LOG_LEVEL", os.environ)
except settings.ConfigError as error:
    sys.exit(f"Error: {error}")

# A platform or container that names a port routes to it from outside; without one, a proxy on
# this machine is in front and nobody else should reach the socket.
host = "0.0.0.0" if os.environ.get("PORT") else "127.0.0.1"  # noqa: S104
bind = f"{host}:{port}"

worker_class = "gthread"
threads = 8

# Load the application once, before forking: a bad setting then stops the start with one line
# instead of crashing workers in an endless restart loop.
preload_app = True

# Docker sends SIGKILL 10 seconds after SIGTERM, sooner than other common platforms.
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

# One format for the lines of gunicorn and those of the application, which writes one per request.
logconfig_dict = logs.configuration(log_level, as_json=True)
logs.log_uncaught()
accesslog = None
{% if not cookiecutter.__in_process %}

if workers > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    # Workers add up their metrics in files. A new folder per start keeps old numbers out; a reload
    # reads this file again, and goes on with the folder that it finds in the environment.
    metrics_folder = Path(gettempdir(), f"metrics-{token_hex(8)}")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics_folder)

    def on_starting(server: object) -> None:
        """Make the folder, and remove it when the master ends, which may be a daemon by now."""
        metrics_folder.mkdir(mode=0o700)
        atexit.register(remove_metrics, os.getpid())

    def remove_metrics(master: int) -> None:
        """Remove the folder, unless it is a worker that ends: workers are copies of the master."""
        if os.getpid() == master:
            rmtree(metrics_folder, ignore_errors=True)
{% endif %}
