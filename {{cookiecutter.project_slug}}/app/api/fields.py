"""Fields that refuse what the stock ones let through, and those that many schemas share."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

MAX_ID = 2**31 - 1
# NUL, which ends text in too many places, and lone surrogates, which have no UTF-8 form.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
RFC_3339 = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"


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


class Integer(fields.Integer):
    """A JSON integer: `474.0` is one as well, `"474"` and `true` are not."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole:
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Id(fields.Integer):
    """The id of a shown row."""

    def __init__(self) -> None:
        super().__init__(required=True, metadata={"minimum": 1, "examples": [7]})


class Shown(fields.String):
    """A text of a shown row."""

    def __init__(self, example: str) -> None:
        super().__init__(required=True, metadata={"examples": [example]})


class Time(fields.AwareDateTime):
    """A time of a shown row, in RFC 3339: in UTC, with six digits after the point."""

    def __init__(self, **kwargs: Any) -> None:
        example = "2026-01-31T12:00:00.123456Z"
        super().__init__(required=True, metadata={"examples": [example]}, **kwargs)

    def _serialize(self, value: datetime | None, *args: Any, **kwargs: Any) -> str | None:
        # A `+` in a query is a space.
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z" if value else None


class Flag(fields.Boolean):
    """A JSON boolean, and neither a number nor a word for one."""

    def __init__(self, **metadata: Any) -> None:
        super().__init__(metadata=metadata)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Money(fields.Decimal):
    """An amount as a decimal string with a fixed number of places, such as `9.90`."""

    def __init__(self, *, places: int = 2, metadata: dict[str, Any] | None = None, **kwargs: Any):
        self.pattern = r"-?[0-9]{1,12}(\.[0-9]{1,N})?".replace("N", str(places))
        example = f"9.{'90'.ljust(places, '0')[:places]}"
        documented = {"type": "string", "pattern": f"^{self.pattern}$", "examples": [example]}
        super().__init__(
            places=places, as_string=True, metadata={**documented, **(metadata or {})}, **kwargs
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Moment(fields.AwareDateTime):
    """A time that a client sends, in RFC 3339 with a zone; it is kept in UTC."""

    def __init__(self, *, metadata: dict[str, Any] | None = None, **kwargs: Any) -> None:
        documented = {"examples": ["2026-01-31T12:00:00Z"], **(metadata or {})}
        super().__init__(format="iso", metadata=documented, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(RFC_3339, value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        try:
            return super()._deserialize(value.upper(), attr, data, **kwargs).astimezone(UTC)
        except OverflowError:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


class Sort(fields.Field[list[tuple[str, bool]]]):
    """An order such as `-created_at,title`, as pairs of a name and whether it descends.

    Ties end in the id, which may be named last.
    """

    def __init__(self, *names: str, default: str) -> None:
        super().__init__(load_default=lambda: self._parse(default))
        self.names, self.default = names, default
        self.rename(str)

    def rename(self, shown: Callable[[str], str]) -> None:
        """Let clients call columns by names that a function makes of theirs."""
        self.columns = {shown(name): name for name in self.names}
        name = f"-?({'|'.join(self.columns)})"
        self.metadata = {
            "type": "string",
            "pattern": f"^{name}(,{name})*(,-?id)?$",
            "default": re.sub(r"\w+", lambda word: shown(word[0]), self.default),
            "description": "Sort fields, most significant first; a leading `-` is descending.",
        }

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> list[tuple[str, bool]]:
        return self._parse(value)

    def _parse(self, text: str) -> list[tuple[str, bool]]:
        order: dict[str, bool] = {}
        for part in text.split(","):
            name = part.removeprefix("-")
            if name not in self.columns and not (name == "id" and order):
                raise ValidationError(
                    f"Can't sort by {name!r}. Must be one of: {', '.join(self.columns)}."
                )
            order.setdefault(self.columns.get(name, name), part.startswith("-"))
        return list(order.items())
