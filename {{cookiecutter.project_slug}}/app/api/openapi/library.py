"""Operations in the API library's own idiom, completed by what all of ours have."""

from __future__ import annotations

from typing import Any

from app.api.framework.operations import PROBLEM, Operation
from app.api.openapi.components import ON_PROBLEM, headers
from app.errors import PROBLEM_TYPE

ANYTHING: dict[str, Any] = {"application/json": {"schema": {}}}


def complete(
    ours: Operation, documented: Operation, *, represented: bool, error_type: str
) -> Operation:
    """Return an operation that is documented in the library's idiom, with all that ours have.

    `represented` tells whether a schema of ours represents what the operation returns,
    `error_type` the media type of errors.
    """
    texts = filter(None, (documented.get("description"), ours["description"]))
    parameters = [each for each in documented.get("parameters", ()) if each["in"] != "path"]
    successes = {code for code in ours["responses"] if _is_success(code)}
    sent = {name: name for code in successes for name in ours["responses"][code]["headers"]}
    responses = {
        code: _success(response, sent)
        if _is_success(code)
        else _refusal(code, response, error_type)
        for code, response in documented.get("responses", {}).items()
        if not (represented and _is_success(code))
    }
    others = {
        code: response
        for code, response in ours["responses"].items()
        if code not in successes or not any(map(_is_success, responses))
    }
    return {
        **ours,
        **documented,
        **({"requestBody": ours["requestBody"]} if "requestBody" in ours else {}),
        "description": "\n\n".join(texts),
        "parameters": [*ours["parameters"], *parameters],
        "security": _both(ours["security"], documented.get("security", ())),
        "responses": dict(sorted((others | responses).items())),
    }


def _success(documented: Operation, sent: dict[str, str]) -> Operation:
    """Return a response with the headers that it has in any case."""
    return {**documented, "headers": {**sent, **documented.get("headers", {})}}


def _refusal(code: str, documented: Operation, error_type: str) -> Operation:
    """Return a refusal, which is a problem."""
    names = next((each for status, each in ON_PROBLEM.items() if str(status) == code), ())
    contents: list[Any] = [*documented.get("content", {}).values(), {"schema": PROBLEM}]
    # A format of the version's own replaces whatever the library would show.
    content = contents[0 if error_type == PROBLEM_TYPE else -1]
    return _success({**documented, "content": {error_type: content}}, headers(*names))


def _is_success(code: str) -> bool:
    return code[0] in "23"


def _both(ours: list[Any], documented: list[Any]) -> list[Any]:
    """Return security requirements that meet one of ours and one of those documented."""
    both = [each | other for other in documented for each in ours or [{}]]
    return [each for place, each in enumerate(both) if each not in both[:place]] or ours
