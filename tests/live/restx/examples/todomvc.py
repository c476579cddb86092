"""An Api with a namespace of its own, and a class that keeps the tasks."""

from flask_restx import Api, Resource, fields

api = Api(version="1.0", title="Todo MVC", description="A small list of tasks")
ns = api.namespace("tasks", description="Tasks of an Api")

todo = api.model(
    "Todo",
    {
        "id": fields.Integer(readonly=True, description="The id, which is unique"),
        "task": fields.String(required=True, description="What to do"),
    },
)


class Tasks:
    """Keeps tasks in memory."""

    def __init__(self):
        self.counter = 0
        self.todos = []

    def get(self, id):
        for each in self.todos:
            if each["id"] == id:
                return each
        api.abort(404, f"Task {id} doesn't exist")

    def create(self, data):
        self.counter += 1
        self.todos.append({**data, "id": self.counter})
        return self.todos[-1]


TASKS = Tasks()


@ns.route("/")
class TodoList(Resource):
    """Shows all tasks, and takes new ones."""

    @ns.doc("list_todos")
    @ns.marshal_list_with(todo)
    def get(self):
        """List all tasks"""
        return TASKS.todos

    @ns.doc("create_todo")
    @ns.expect(todo)
    @ns.marshal_with(todo, code=201)
    def post(self):
        """Create a task"""
        return TASKS.create(api.payload), 201


@ns.route("/<int:id>")
@ns.response(404, "No such task")
@ns.param("id", "The id of the task")
class Todo(Resource):
    """Shows one task, changes and deletes it."""

    @ns.doc("get_todo")
    @ns.marshal_with(todo)
    def get(self, id):
        """Show a task"""
        return TASKS.get(id)

    @ns.doc("delete_todo")
    @ns.response(204, "Deleted")
    def delete(self, id):
        """Delete a task"""
        TASKS.todos.remove(TASKS.get(id))
        return "", 204

    @ns.expect(todo)
    @ns.marshal_with(todo)
    def put(self, id):
        """Change a task"""
        TASKS.get(id).update(api.payload)
        return TASKS.get(id)


ROUTES = {"/mvc": api}
