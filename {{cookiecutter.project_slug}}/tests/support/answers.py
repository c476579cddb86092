"""Reduce responses to values that tests compare."""

import re
from typing import Any

from werkzeug.test import TestResponse


def refusal(response: TestResponse) -> tuple[int, str]:
    """The status and the message of an error."""
    return response.status_code, response.json["message"]


def fields(response: TestResponse) -> set[str]:
    """Return the field names of the object in a response."""
    assert response.status_code in {200, 201}, response.text
    item: Any = response.json
    return set(item)


def faults(response: TestResponse) -> set[str]:
    """Return the fields that a 422 or 409 names."""
    assert response.status_code in {409, 422}, response.text
    return set(response.json["errors"])


def ids(response: TestResponse) -> list[int]:
    """The ids of a list, in its order."""
    assert response.status_code == 200, response.text
    items: Any = response.json
    return [item["id"] for item in items]


def links(response: TestResponse) -> dict[str, str]:
    """The addresses in a Link header, by relation."""
    found = re.findall(r'<([^>]+)>; rel="(\w+)"', response.headers["Link"])
    return {relation: address for address, relation in found}
