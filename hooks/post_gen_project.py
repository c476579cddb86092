"""Write the secrets of the new project into its git-ignored `.env` and say what comes next."""

from __future__ import annotations

import os

SLUG = "{{ cookiecutter.project_slug }}"
SERVERS = "{{ cookiecutter.__servers }}"
# Debian's and Ubuntu's own Python install packages only into a virtual environment.
TOX = "python3 -m venv .venv && .venv/bin/pip install tox && .venv/bin/tox"


def secret() -> str:
    """Return what secrets.token_hex() would; importing it doubles the time of this hook."""
    return os.urandom(32).hex()


def settings() -> dict[str, str]:
    """Return the settings that `.env.example` requires, with a secret for each empty one."""
    filled: dict[str, str] = {}
    with open(".env.example", encoding="utf-8") as example:  # noqa: PTH123 (quicker to import)
        for line in example:
            name, equals, value = line.strip().partition("=")
            if equals and name.replace("_", "").isalnum():
                # An address refers to the password above it.
                for known, text in filled.items():
                    value = value.replace("${" + known + "}", text)
                filled[name] = value or secret()
    return filled


def write_env() -> None:
    """Create `.env`, readable by its owner alone; keep one that is there (an update)."""
    try:
        descriptor = os.open(".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write("# Secrets of this checkout, not for git. See .env.example.\n")
        file.writelines(f"{name}={value}\n" for name, value in settings().items())


def next_steps() -> list[str]:
    """Return the commands that a user types next."""
    start = [f"docker compose up -d --wait {SERVERS}"] if SERVERS else []
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
