"""The web application, for `gunicorn wsgi:app` and for `flask`."""

from gatte import create_app

app = create_app()
