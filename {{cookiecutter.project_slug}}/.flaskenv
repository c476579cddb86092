# Read by the flask command alone: on a developer's machine it means development.
FLASK_APP=wsgi
FLASK_CONFIG=development
