"""Handlers of errors that say what they answer."""

from flask_restx import Api, Resource, fields

api = Api(default="trouble", default_label="What goes wrong")

error = api.model("TroubleError", {"message": fields.String, "code": fields.Integer})


class Trouble(Exception):
    """Something that may be foreseen."""


class Worse(Exception):
    """Something worse."""


class Unlisted(Exception):
    """Something whose handler has no words."""


@api.errorhandler(Trouble)
@api.marshal_with(error, code=409)
@api.header("Retry-After", "When to try again", type=int)
def handle_trouble(error):
    """There was trouble"""
    return {"message": str(error), "code": 1}, 409, {"Retry-After": "3"}


@api.errorhandler(Worse)
@api.response(503, "It got worse", error)
def handle_worse(error):
    """It got worse"""
    return {"message": str(error), "code": 2}, 503


@api.errorhandler(Unlisted)
def handle_unlisted(error):
    return {"message": "Unlisted"}, 500


@api.errorhandler
def handle_everything(error):
    """Answer all that is left"""
    return {"message": str(error)}, 500


@api.route("/")
class Troubles(Resource):
    def get(self):
        """
        Look for trouble

        :raises Trouble: if there is any
        """

    def post(self):
        """
        Make it worse

        More than before.

        :raises Trouble: if there is any
        :raises Worse: if it gets worse
        :raises Unlisted: if nobody knows
        """


ROUTES = {"/errors": api}
