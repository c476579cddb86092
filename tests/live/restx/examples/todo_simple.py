"""Resources without any documentation, as in the first steps of the manual."""

from flask import request
from flask_restx import Api, Resource

api = Api()

todos = {}


@api.route("/hello")
class Hello(Resource):
    def get(self):
        return {"hello": "world"}


@api.route("/<string:todo_id>", "/again/<string:todo_id>")
class TodoSimple(Resource):
    """One task; its text comes in a form.

    Try it with curl.
    """

    def get(self, todo_id):
        return {todo_id: todos[todo_id]}

    def put(self, todo_id):
        todos[todo_id] = request.form["data"]
        return {todo_id: todos[todo_id]}


class Plain(Resource):
    def get(self):
        """Say a word."""
        return "plain"


ROUTES = {"/simple": api, "/plain": Plain}
