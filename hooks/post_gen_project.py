"""Write the secrets of the new project into its git-ignored `.env` and say what comes next."""

from __future__ import annotations

import os

SLUG = "{{ cookiecutter.project_slug }}"
DATABASE = "{{ cookiecutter.database }}"
STORES = "{{ 'redis ' if cookiecutter.__redis }}{{ 'memcached' if cookiecutter.__memcached }}"
# Debian's and Ubuntu's own Python install packages only into a virtual environment.
TOX = "python3 -m venv .venv && .venv/bin/pip install tox && .venv/bin/tox"
SERVERS = {
    "postgresql": ("POSTGRES_PASSWORD", "postgresql+psycopg://app:{}@localhost:5432/{}"),
    "mysql": ("MYSQL_PASSWORD", "mysql+pymysql://app:{}@localhost:3306/{}"),
}


def secret() -> str:
    """Return what secrets.token_hex() would; importing it doubles the time of this hook."""
    return os.urandom(32).hex()


def settings() -> list[str]:
    """Return the lines of `.env`: fresh secrets and, for a server, the addresses that hold one."""
    lines = [
        "# Secrets of this checkout: not for git. .env.example explains every setting.",
        f"SECRET_KEY={secret()}",
        f"JWT_SECRET_KEY={secret()}",
    ]
    if DATABASE in SERVERS:
        variable, address = SERVERS[DATABASE]
        password = secret()
        lines += [
            f"{variable}={password}",
            f"DATABASE_URL={address.format(password, 'app')}",
            f"DEV_DATABASE_URL={address.format(password, 'app_dev')}",
            f"TEST_DATABASE_URL={address.format(password, 'app_test')}",
        ]
    return lines


def write_env() -> None:
    """Create `.env`, readable by its owner alone; keep one that is there (an update)."""
    try:
        descriptor = os.open(".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(settings()) + "\n")


def next_steps() -> list[str]:
    """Return the commands that a user types next."""
    services = [name for name in (DATABASE, *STORES.split()) if name != "sqlite"]
    start = [f"docker compose up -d --wait {' '.join(services)}"] if services else []
    return [
        f"cd {SLUG}",
        *start,
        f"{TOX} run -e serve    # sets up and serves",
        f"{TOX}                 # sets up and tests",
    ]


if __name__ == "__main__":
    write_env()
    print(f"\n{SLUG} is ready. Next:\n")
    print("\n".join(f"  {step}" for step in next_steps()), end="\n\n")
