"""The doors that open over HTTP: the panel, the webhook, health and metrics, later the API.

Only here and in `jobs` and `cli` are requests read, pages rendered and transactions committed. May import every room but
`jobs`. Start reading at `register`.
"""

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

from gatte.web import access, forms, rendering, security, webhook
from gatte.web.machines import Machines, put_before

# Each has a blueprint `bp`; the order says nothing.
DOORS = ("gatte.web.panel",)
MACHINE_DOORS = ("gatte.web.webhook", "gatte.web.health")


def register(app: Flask) -> None:
    """Open every door on this application; those for machines on one of their own, in front of it."""
    forms.init_app(app)
    access.init_app(app)
    rendering.init_app(app)
    security.init_app(app, app.extensions["gatte_settings"])
    for door in DOORS:
        _open(app, door)
    machines = Machines(app)
    for door in MACHINE_DOORS:
        _open(machines, door)
    machines.short_ways.update(webhook.short_ways(app))
    put_before(app, machines)


def _open(app: Flask, door: str) -> None:
    module = import_module(door) if find_spec(door) else None
    if module is not None and hasattr(module, "bp"):
        app.register_blueprint(module.bp)
