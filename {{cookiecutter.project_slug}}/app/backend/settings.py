"""Settings are declared once, in a class, and read from environment variables.

    class Config(Settings):
        PAGE_SIZE = whole_number(20, minimum=1)

`Config(os.environ).PAGE_SIZE` is then a number. An empty variable counts as not set. A value that
can't be read raises ConfigError, in one line that names the variable.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path
from typing import Generic, TypeVar, cast

from click import ClickException
from dotenv import load_dotenv
from dotenv.parser import parse_stream
from limits import parse_many

T = TypeVar("T")

LARGEST = 2**31 - 1
SECRET_LENGTH = 32  # bytes; RFC 7518, section 3.2 for HS256
EXAMPLES = ("change", "example", "secret", "default", "testing", "password", "your-")
ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(?:\[([0-9a-f:.]+)\]|([a-z0-9._~-]+))(?::(\d{1,5}))?")
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
PATH = re.compile(r"/|(/[A-Za-z0-9._~-]+)+")
FLAGS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


class ConfigError(ClickException):
    """A missing or unusable setting; the message is one line that names it."""


@dataclass(frozen=True)
class Setting(Generic[T]):
    """How a setting is read; `read` raises ValueError with what is wrong with the text."""

    read: Callable[[str], T]
    default: str = ""
    variable: str | None = None

    def value(self, variable: str, environ: Mapping[str, str]) -> T:
        """Return the value of an environment variable; raise ConfigError for an unusable one."""
        try:
            return self.read(environ.get(variable, "").strip() or self.default)
        except ValueError as error:
            raise ConfigError(f"{variable} {error}.") from None


class Settings:
    """Base of settings classes: an instance holds the values read from the environment."""

    ENVIRONMENT: str

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.VARIABLES = self.variables()
        for name, variable in self.VARIABLES.items():
            setattr(self, name, getattr(type(self), name).value(variable, environ))
        self.check()

    def check(self) -> None:
        """Raise ConfigError for settings that don't go together."""

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Return the environment variable of each setting."""
        declared = ((name, getattr(cls, name)) for name in dir(cls))
        return {
            name: setting.variable or name
            for name, setting in declared
            if isinstance(setting, Setting)
        }


def load_env_file(path: Path) -> None:
    """Set the variables of a .env file, if there is one, that are not set in the environment."""
    # The flask command reads the file before the application does, and ends with a traceback where
    # it is not UTF-8.
    try:
        if path.exists():
            with path.open(encoding="utf-8") as file:
                for statement in parse_stream(file):
                    if statement.error:
                        source = statement.original
                        number = source.line + source.string.rstrip().count("\n")
                        raise ValueError(f"line {number} is not NAME=value")
        load_dotenv(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path.name} can't be read: {reason}.") from None


def setting(read: Callable[[str], T], default: str = "", variable: str | None = None) -> T:
    """Declare a setting; its type is the one that it has on an instance."""
    return cast(T, Setting(read, default, variable))


def text(default: str = "") -> str:
    """Declare a text."""
    return setting(str, default)


def path(default: str) -> str:
    """Declare the path part of an address."""

    def read(text: str) -> str:
        if not PATH.fullmatch(text):
            raise ValueError(f"must be a path such as /shop, not {text[:40]!r}")
        return text

    return setting(read, default)


def whole_number(default: int, minimum: int = 0, maximum: int = LARGEST) -> int:
    """Declare a number."""

    def read(text: str) -> int:
        readable = text.isascii() and text.isdecimal() and len(text) <= len(str(maximum))
        if not readable or not minimum <= int(text) <= maximum:
            wanted = f"a whole number from {minimum} to {maximum}"
            raise ValueError(f"must be {wanted}, not {text[:40]!r}")
        return int(text)

    return setting(read, str(default))


def flag(default: bool) -> bool:
    """Declare something that is on or off."""

    def read(text: str) -> bool:
        if text.lower() not in FLAGS:
            raise ValueError(f"must be true or false, not {text[:40]!r}")
        return FLAGS[text.lower()]

    return setting(read, str(default))


def choice(*choices: str) -> str:
    """Declare one of several words; the first is the default."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {text[:40]!r}")
        return text

    return setting(read, choices[0])


def log_level() -> str:
    """Declare the least severe level that is logged."""
    return choice("INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL")


def items(read_item: Callable[[str], str], default: str = "") -> list[str]:
    """Declare a list with commas between its items."""

    def read(text: str) -> list[str]:
        return [read_item(item.strip()) for item in text.split(",")] if text else []

    return setting(read, default)


def origins() -> list[str]:
    """Declare origins, or `*` for all; a pattern would let in more than it seems to.

    They are read into the form that browsers send (RFC 6454, section 6.2).
    """

    def read_origin(text: str) -> str:
        if text == "*":
            return text
        found = ORIGIN.fullmatch(text.lower())
        try:
            if found is None:
                raise ValueError
            scheme, address, name, port = found.groups()
            host = f"[{IPv6Address(address)}]" if address else name
            number = int(port or DEFAULT_PORTS.get(scheme, 0))
            if number > 65535:
                raise ValueError
        except ValueError:
            example = "https://www.example.org"
            raise ValueError(f"must be origins such as {example}, not {text[:40]!r}") from None
        named = port and number != DEFAULT_PORTS.get(scheme)
        return f"{scheme}://{host}:{number}" if named else f"{scheme}://{host}"

    return items(read_origin)


def rate_limits(default: str) -> str:
    """Declare limits in the notation of Flask-Limiter, such as `5 per minute;20 per hour`."""

    def read(text: str) -> str:
        try:
            parse_many(text)
        except ValueError:
            example = "'5 per minute;20 per hour'"
            raise ValueError(f"must be limits such as {example}, not {text[:40]!r}") from None
        return text

    return setting(read, default)


def secret() -> str:
    """Declare a secret that has to be set, and strong."""

    def read(text: str) -> str:
        if not text:
            fault = "is not set"
        elif len(text.encode()) < SECRET_LENGTH:
            fault = f"is shorter than {SECRET_LENGTH} bytes"
        elif any(word in text.lower() for word in EXAMPLES) or len(set(text)) < 10:
            fault = "looks like an example"
        else:
            return text
        command = 'python -c "import secrets; print(secrets.token_urlsafe(48))"'
        raise ValueError(f"{fault}; {command} prints a good one")

    return setting(read)


def optional_secret() -> str:
    """Declare a secret that is a new one at each start unless it is set."""
    return setting(lambda text: text or secrets.token_urlsafe(48))
