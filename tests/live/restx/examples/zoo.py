"""Namespaces side by side; each kind of animal has one of its own."""

from flask_restx import Namespace, Resource, fields

cats = Namespace("cats", description="What cats do")
dogs = Namespace("dogs", description="What dogs do")

cat = cats.model(
    "Animal",
    {
        "id": fields.String(required=True, description="The cat's id"),
        "name": fields.String(required=True, description="The cat's name"),
        "lives": fields.Integer(default=9),
    },
)
dog = dogs.model(
    "Animal",
    {
        "id": fields.String(required=True, description="The dog's id"),
        "name": fields.String(required=True, description="The dog's name"),
    },
)

CATS = [{"id": "felix", "name": "Felix"}]
DOGS = [{"id": "medor", "name": "Medor"}]


@cats.route("/")
class CatList(Resource):
    @cats.doc("list_cats")
    @cats.marshal_list_with(cat)
    def get(self):
        """List all cats"""
        return CATS


@cats.route("/<id>")
@cats.param("id", "The cat's id")
@cats.response(404, "No such cat")
class Cat(Resource):
    @cats.doc("get_cat")
    @cats.marshal_with(cat)
    def get(self, id):
        """Fetch a cat by its id"""
        for each in CATS:
            if each["id"] == id:
                return each
        cats.abort(404)


@dogs.route("/")
class DogList(Resource):
    @dogs.doc("list_dogs")
    @dogs.marshal_list_with(dog)
    def get(self):
        """List all dogs"""
        return DOGS


@dogs.route("/<id>")
@dogs.param("id", "The dog's id")
@dogs.response(404, "No such dog")
class Dog(Resource):
    @dogs.doc("get_dog")
    @dogs.marshal_with(dog)
    def get(self, id):
        """Fetch a dog by its id"""
        for each in DOGS:
            if each["id"] == id:
                return each
        dogs.abort(404)


ROUTES = {"/zoo/cats": cats, "/zoo/dogs": dogs}
