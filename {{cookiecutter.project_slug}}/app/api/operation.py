"""Decorators that record what an operation accepts, returns and requires.

They change nothing about the method, so their order doesn't matter. `app.api.dispatch` runs what
they recorded, and `app.api.openapi` documents it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import reduce
from inspect import ismethod
from typing import Any, Protocol, TypeVar

from marshmallow import Schema

from app.api.schemas import schema
from app.backend.clients import client_network

Method = TypeVar("Method", bound=Callable[..., Any])
READING = frozenset({"get", "head", "options"})


class Decorator(Protocol):
    """Returns the method that it is given."""

    def __call__(self, method: Method, /) -> Method: ...


class Access(Enum):
    """Which credentials an operation looks at."""

    NONE = "none"
    OPTIONAL = "optional"
    LOGIN = "login"
    REFRESH = "refresh"
    EITHER = "access or refresh"


@dataclass(frozen=True)
class Limit:
    """The setting with an operation's limits, and the function that returns the key to count by."""

    setting: str
    key: Callable[[], str]


@dataclass(frozen=True)
class Operation:
    """Everything that the decorators recorded about one method."""

    access: Access | None = None
    role: str | None = None
    limits: tuple[Limit, ...] = ()
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    partial: bool = False
    body_envelope: str | None = None
    cached: bool = False
    schemas: tuple[type[Schema], ...] = ()
    choose: Callable[[Any], type[Schema]] | None = None
    many: bool = False
    status: int | None = None
    location: str | None = None
    key: str = "id"
    envelope: str | None = None
    total: str | None = None
    problems: frozenset[int] = frozenset()

    @property
    def shows_entity(self) -> bool:
        """Whether the response is one stored row, and so has an ETag."""
        return not self.many and any(self.key in schema(cls).fields for cls in self.schemas)


def operation_of(*decorated: Callable[..., Any]) -> Operation:
    """Return what decorators recorded: the view and the class first, so that the method wins."""
    changes = [change for each in decorated for change in getattr(each, "changes", ())]
    return reduce(lambda operation, change: change(operation), changes, Operation())


def _recording(change: Callable[[Operation], Operation]) -> Decorator:
    def decorate(method: Method) -> Method:
        # The library calls a resource's `method_decorators` at each request, with bound methods.
        if not ismethod(method):
            method.changes = (*getattr(method, "changes", ()), change)  # type: ignore[attr-defined]
        return method

    decorate.changes = (change,)  # type: ignore[attr-defined]
    return decorate


def _access(kind: Access) -> Decorator:
    return _recording(lambda operation: replace(operation, access=kind))


ignores_credentials = _access(Access.NONE)
allows_anonymous = _access(Access.OPTIONAL)
requires_login = _access(Access.LOGIN)
requires_refresh_token = _access(Access.REFRESH)
requires_any_token = _access(Access.EITHER)


def requires_role(name: str) -> Decorator:
    """Let in only callers who hold a role; 403 for others."""
    return _recording(
        lambda operation: replace(
            operation, access=Access.LOGIN, role=name, problems=operation.problems | {403}
        )
    )


def limited(setting: str, *keys: Callable[[], str]) -> Decorator:
    """Count calls against a setting's limits, in addition to the default limits.

    Operations that name the same setting share one count. Each key function tells whom to count;
    without one, it is the client's address, or network in IPv6.
    """
    limits = tuple(Limit(setting, key) for key in keys or (client_network,))
    return _recording(lambda operation: replace(operation, limits=operation.limits + limits))


def accepts_query(cls: type[Schema]) -> Decorator:
    """Validate the query and pass it as `query`; 422 for one that breaks the schema."""
    return _recording(lambda operation: replace(operation, query=cls))


def accepts(cls: type[Schema], *, partial: bool = False, envelope: str | None = None) -> Decorator:
    """Validate the JSON body and pass it as `data`.

    Answers 400, 413 or 415 for a body that can't be read, 422 for one that breaks the schema. With
    an `envelope`, the body is an object whose only member, by this name, is validated and passed.
    """
    return _recording(
        lambda operation: replace(operation, body=cls, partial=partial, body_envelope=envelope)
    )


# Keep 200 responses to anonymous callers until a table that they show is written to.
cached = _recording(lambda operation: replace(operation, cached=True))


def returns(
    *schemas: type[Schema],
    status: int = 200,
    many: bool = False,
    location: str | None = None,
    choose: Callable[[Any], type[Schema]] | None = None,
    key: str = "id",
    envelope: str | None = None,
    total: str | None = None,
) -> Decorator:
    """Represent what the method returns by a schema: a row, a dictionary or a `Page`.

    Where there are several schemas, `choose` picks the one that this caller may see. `location`
    is the endpoint of the new resource, whose address goes into the `Location` header. A single
    row gets a strong ETag (RFC 9110, section 8.8.3), if a schema has the `key` that clients know it
    by.

    With an `envelope`, the response is an object that has the representation by this name; `total`
    names a member with the length of the whole list, for which the `Page` must know it.
    """
    if total and not (many and envelope):
        raise TypeError("`total` counts a list in an envelope: set `many` and `envelope`.")
    if envelope and not schemas:
        raise TypeError("Only what a schema represents can be in an envelope.")
    return _recording(
        lambda operation: replace(
            operation,
            schemas=schemas,
            status=status,
            many=many,
            location=location,
            choose=choose,
            key=key,
            envelope=envelope,
            total=total,
        )
    )


def may_fail(*statuses: int) -> Decorator:
    """Document refusals that the other decorators can't know of."""
    return _recording(
        lambda operation: replace(operation, problems=operation.problems | set(statuses))
    )
