"""Errors, as clients of version 2 read them."""

from typing import Any

from marshmallow import Schema, fields, pre_dump

TEXTS = fields.List(fields.String())


class ErrorsOut(Schema):
    """What went wrong: in words as `body`, and under the name of each field."""

    errors = fields.Dict(fields.String(), TEXTS, required=True, metadata={"required": ["body"]})

    @pre_dump
    def leave_out_envelopes(self, problem: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Name fields as in the object that an envelope holds: `user.email` is `email`."""
        errors = {"body": [problem["detail"]]}
        for path, texts in problem.get("errors", {}).items():
            errors.setdefault(path.partition(".")[2] or path, []).extend(texts)
        return {"errors": errors}
