"""The parts of a path that vary: converters of ids and text, and what each converter accepts."""

import re
from typing import Any

from werkzeug import routing
from werkzeug.routing import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    Map,
    UnicodeConverter,
    UUIDConverter,
    ValidationError,
)

from app.api.fields import MAX_ID, UNSTORABLE

# What the converter of text makes of its lengths.
LENGTH = re.compile(r"\[\^/\]\{(\d+)(,?)(\d*)\}")


class IdConverter(IntegerConverter):
    """An id in a path, written in its one canonical way."""

    regex = "[1-9][0-9]*"

    def __init__(self, map: Map) -> None:
        super().__init__(map, min=1, max=MAX_ID)


class TextConverter(UnicodeConverter):
    """Text in a path, such as a slug; text that can't be stored is 404."""

    def to_python(self, value: str) -> str:
        if UNSTORABLE.search(value):
            raise ValidationError
        return value


class PathConverter(TextConverter):
    """Text with slashes in it."""

    part_isolating = False
    regex = routing.PathConverter.regex
    weight = routing.PathConverter.weight

    def __init__(self, map: Map) -> None:
        BaseConverter.__init__(self, map)


CONVERTERS: dict[str, type[BaseConverter]] = {
    "id": IdConverter,
    "default": TextConverter,
    "string": TextConverter,
    "path": PathConverter,
}


def schema_of(converter: BaseConverter) -> dict[str, Any]:
    """Return the JSON Schema of what a converter accepts."""
    match converter:
        case IdConverter():
            return {"type": "integer", "minimum": 1, "maximum": MAX_ID, "examples": [7]}
        case IntegerConverter() | FloatConverter():
            kind = "integer" if isinstance(converter, IntegerConverter) else "number"
            least = 0 if converter.min is None and not converter.signed else converter.min
            bounds = {"minimum": least, "maximum": converter.max}
            return {"type": kind, **{key: at for key, at in bounds.items() if at is not None}}
        case UUIDConverter():
            return {"type": "string", "format": "uuid"}
        case AnyConverter():
            return {"type": "string", "enum": sorted(converter.items)}
        case _:
            return {"type": "string", "minLength": 1} | _lengths(converter)


def _lengths(converter: BaseConverter) -> dict[str, int]:
    """Return the bounds of `string(length=2)` and `string(minlength=2, maxlength=4)`."""
    lengths = LENGTH.fullmatch(converter.regex)
    if lengths is None:
        return {}
    least, several, most = lengths.groups()
    bounds = {"minLength": least, "maxLength": most if several else least}
    return {name: int(bound) for name, bound in bounds.items() if bound}
