"""People who are men or women, each with what only they have."""

from flask_restx import Api, Resource, fields, marshal

api = Api(prefix="/latest", description="Men and women")


class Person:
    def __init__(self, name):
        self.name = name


class Man(Person):
    def __init__(self, name, shaves):
        super().__init__(name)
        self.shaves = shaves


class Woman(Person):
    def __init__(self, name, braids):
        super().__init__(name)
        self.braids = braids


person = api.model(
    "Person",
    {
        "name": fields.String(required=True, description="How to address them"),
        "kind": fields.String(discriminator=True, description="The model's name"),
    },
)
man = api.inherit("Man", person, {"shaves": fields.Boolean(description="Every morning")})
woman = api.inherit("Woman", person, {"braids": fields.Boolean})

crowd = api.model(
    "Crowd",
    {
        "leader": fields.Polymorph({Man: man, Woman: woman}),
        "members": fields.List(fields.Polymorph({Man: man, Woman: woman})),
        "guest": fields.Polymorph({Man: man, Woman: woman}, required=True, description="Honored"),
    },
)

PEOPLE = [Man("Bob", True), Woman("Ann", False)]


@api.route("/crowd")
class Crowd(Resource):
    @api.marshal_with(crowd)
    def get(self):
        """Show all of them."""
        return {"leader": PEOPLE[0], "members": PEOPLE, "guest": PEOPLE[1]}


@api.route("/men")
class Men(Resource):
    @api.marshal_list_with(man)
    def get(self):
        """List the men."""
        return [each for each in PEOPLE if isinstance(each, Man)]


@api.route("/women")
class Women(Resource):
    @api.response(200, "All women", [woman])
    def get(self):
        """List the women."""
        return marshal([each for each in PEOPLE if isinstance(each, Woman)], woman)

    @api.expect(woman, validate=True)
    @api.response(201, "Added", woman)
    def post(self):
        """Add a woman."""
        return api.payload, 201


ROUTES = {"/people": api}
