"""A resource that is given what it works on when it is routed."""

from flask_restx import Namespace, Resource, fields

ns = Namespace("stock")

item = ns.model("StockItem", {"name": fields.String, "count": fields.Integer(min=0)})


class Store:
    """Keeps items."""

    def __init__(self):
        self.items = [{"name": "nail", "count": 100}]


@ns.route("/", resource_class_kwargs={"store": Store()})
class Items(Resource):
    def __init__(self, *args, **kwargs):
        self.store = kwargs.pop("store")
        super().__init__(*args, **kwargs)

    @ns.marshal_list_with(item, description="Every item")
    def get(self):
        """List the items."""
        return self.store.items


ROUTES = {"/stock": ns}
