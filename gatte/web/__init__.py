"""The doors that open over HTTP: the panel, the webhook, health and metrics, later the API.

Only here and in `jobs` and `cli` are requests read, pages rendered and transactions committed. May
import every room but `jobs`. Start reading at `register`.
"""

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

from gatte.web import form_parser, htmx, request_log, response_headers, webhook
from gatte.web.webhook_middleware import Machines, install_middleware

# Each has a blueprint `bp`; the order says nothing.
BLUEPRINTS = ("gatte.web.panel",)
MACHINE_BLUEPRINTS = ("gatte.web.webhook", "gatte.web.health")


def register(app: Flask) -> None:
    """Open every door on this application; the doors for machines are on an application in front of
    it.
    """
    form_parser.init_app(app)
    request_log.init_app(app)
    htmx.init_app(app)
    response_headers.init_app(app, app.extensions["gatte_settings"])
    for door in BLUEPRINTS:
        _open(app, door)
    machines = Machines(app)
    for door in MACHINE_BLUEPRINTS:
        _open(machines, door)
    machines.short_ways.update(webhook.fast_path(app))
    install_middleware(app, machines)


def _open(app: Flask, door: str) -> None:
    module = import_module(door) if find_spec(door) else None
    if module is not None and hasattr(module, "bp"):
        app.register_blueprint(module.bp)
