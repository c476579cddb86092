"""Fields that refuse what the stock ones let through, and those that many schemas share."""

import re
from typing import Any

from marshmallow import ValidationError, fields

MAX_ID = 2**31 - 1
# NUL, which ends text in too many places, and lone surrogates, which have no UTF-8 form.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Text(fields.String):
    """Text that can be stored: no NUL, nothing that has no UTF-8 form."""

    def __init__(self, *, metadata: dict[str, Any] | None = None, **kwargs: Any) -> None:
        metadata = metadata or {}
        if "pattern" not in metadata:
            # A pattern of the whole text, joined with a length of 100,000, costs tools a second.
            metadata["not"] = {"pattern": r"\u0000"}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if UNSTORABLE.search(text):
            raise ValidationError("Contains characters that can't be stored.")
        return text


class WholeNumber(fields.Integer):
    """A number in a query, in ASCII digits; Python reads `1_0` and other digits as well."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not re.fullmatch("-?[0-9]+", value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Id(fields.Integer):
    """The id of a row that is shown."""

    def __init__(self) -> None:
        super().__init__(required=True, metadata={"minimum": 1, "examples": [7]})


class Time(fields.AwareDateTime):
    """A time of a row that is shown, in RFC 3339."""

    def __init__(self) -> None:
        example = "2026-01-31T12:00:00.123456+00:00"
        super().__init__(required=True, format="iso", metadata={"examples": [example]})


class Flag(fields.Boolean):
    """A JSON boolean, and neither a number nor a word for one."""

    def __init__(self, **metadata: Any) -> None:
        super().__init__(metadata=metadata)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Sort(fields.Field[list[tuple[str, bool]]]):
    """An order such as `-created_at,title`, as pairs of a name and whether it descends."""

    def __init__(self, *names: str, default: str) -> None:
        self.names = names
        name = f"-?({'|'.join(names)})"
        super().__init__(
            load_default=lambda: self._parse(default),
            metadata={
                "type": "string",
                "pattern": f"^{name}(,{name})*$",
                "default": default,
                "description": "Fields in the order of their weight; a leading `-` reverses one.",
            },
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> list[tuple[str, bool]]:
        return self._parse(value)

    def _parse(self, text: str) -> list[tuple[str, bool]]:
        order: dict[str, bool] = {}
        for part in text.split(","):
            name = part.removeprefix("-")
            if name not in self.names:
                raise ValidationError(
                    f"Can't be sorted by {name!r}. Possible: {', '.join(self.names)}."
                )
            order.setdefault(name, part.startswith("-"))
        return list(order.items())
