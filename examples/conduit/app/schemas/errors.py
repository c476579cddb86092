"""Errors, as clients of Conduit read them."""

from typing import Any

from marshmallow import Schema, fields, pre_dump


class ErrorsOut(Schema):
    """What went wrong: in words as `body`, and under the name of each field."""

    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"required": ["body"]},
    )

    @pre_dump
    def leave_out_envelopes(self, problem: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Name fields as in the object that an envelope holds: `user.email` is `email`."""
        errors = {"body": [problem["detail"]]}
        for path, texts in problem.get("errors", {}).items():
            errors.setdefault(path.partition(".")[2] or path, []).extend(texts)
        return {"errors": errors}
