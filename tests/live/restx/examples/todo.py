"""A list of tasks whose arguments come in a form."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("todos", description="What is left to do")

TODOS = {"todo1": {"task": "Build an API"}, "todo2": {"task": "Document it"}}

todo = ns.model("Todo", {"task": fields.String(required=True, description="What to do")})
listed_todo = ns.model(
    "ListedTodo",
    {
        "id": fields.String(required=True, description="The id of the task"),
        "todo": fields.Nested(todo, description="The task itself"),
    },
)

parser = ns.parser()
parser.add_argument("task", type=str, required=True, help="What to do", location="form")


@ns.route("/<string:todo_id>")
@ns.doc(responses={404: "No such task"}, params={"todo_id": "The id of the task"})
class Todo(Resource):
    """One task, to show and to delete."""

    @ns.doc(description=f"The id is one of {', '.join(TODOS)}")
    @ns.marshal_with(todo)
    def get(self, todo_id):
        """Show a task"""
        return TODOS[todo_id]

    @ns.doc(responses={204: "Deleted"})
    def delete(self, todo_id):
        """Delete a task"""
        del TODOS[todo_id]
        return "", 204

    @ns.doc(parser=parser)
    @ns.marshal_with(todo)
    def put(self, todo_id):
        """Replace a task"""
        return {"task": parser.parse_args()["task"]}


@ns.route("/")
class TodoList(Resource):
    """All tasks, and a way to add one."""

    @ns.marshal_list_with(listed_todo)
    def get(self):
        """List all tasks"""
        return [{"id": key, "todo": value} for key, value in TODOS.items()]

    @ns.doc(parser=parser)
    @ns.marshal_with(todo, code=201)
    def post(self):
        """Add a task"""
        return {"task": parser.parse_args()["task"]}, 201


ROUTES = {"/todos": ns}
