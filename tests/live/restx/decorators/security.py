"""Authorizations of each type, and what asks for them."""

from flask_restx import Api, Namespace, Resource

AUTHORIZATIONS = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key"},
    "query_key": {"type": "apiKey", "in": "query", "name": "api_key"},
    "token": {"type": "apiKey", "in": "header", "name": "Authorization"},
    "basic": {"type": "basic", "description": "A name and a password"},
    "implicit": {
        "type": "oauth2",
        "flow": "implicit",
        "authorizationUrl": "https://example.com/authorize",
        "scopes": {"read": "Read", "write": "Write"},
    },
    "password": {
        "type": "oauth2",
        "flow": "password",
        "tokenUrl": "https://example.com/token",
        "scopes": {"read": "Read"},
    },
    "application": {
        "type": "oauth2",
        "flow": "application",
        "tokenUrl": "https://example.com/token",
        "scopes": {},
    },
    "code": {
        "type": "oauth2",
        "flow": "accessCode",
        "authorizationUrl": "https://example.com/authorize",
        "tokenUrl": "https://example.com/token",
        "scopes": {"admin": "Everything"},
    },
}

api = Api(
    authorizations=AUTHORIZATIONS,
    security="key",
    tags=["locks", ("keys", "What opens them"), {"name": "doors", "description": "What is opened"}],
)


@api.route("/usual")
class Usual(Resource):
    def get(self):
        """Need what the Api needs."""

    @api.doc(security=[])
    def post(self):
        """Need nothing."""

    @api.doc(security="basic")
    def put(self):
        """Need a password."""

    @api.doc(security=["query_key", {"implicit": ["read", "write"]}])
    def patch(self):
        """Need one of two."""

    @api.doc(security={"key": [], "password": "read"})
    def delete(self):
        """Need both."""


@api.route("/strict")
@api.doc(security=[{"application": []}, {"code": "admin"}])
class Strict(Resource):
    def get(self):
        """Need what the class needs."""

    @api.doc(security="token")
    def post(self):
        """Need a token in the usual header."""


ns = Namespace(
    "secured", description="Secured by itself", authorizations={"own": AUTHORIZATIONS["query_key"]}
)


@ns.route("/")
class Secured(Resource):
    @ns.doc(security="own")
    def get(self):
        """Need what the namespace defines."""

    @ns.doc(security="unheard")
    def post(self):
        """Need what nobody defines."""


ROUTES = {"/security": api, "/secured": ns}
