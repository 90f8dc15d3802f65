"""The API for programs, under /api/v1: a module a resource, declared by `endpoint.Endpoint`.

A resource's module holds its models and its views; to add one, write it like `leads.py`, name it in
`document.RESOURCES`, its scopes in `Scope`, and an example of each model in `examples.json`. Views
do what the panel does, by the verbs of `desk`; they do not commit: the endpoint does, once. Start
reading at `endpoint.py`, then `leads.py`.
"""

from flask import Blueprint

from gatte.web.api import document, rate_limit, refusals
from gatte.web.api.endpoint import bp

BLUEPRINTS: tuple[Blueprint, ...] = (bp, document.bp)

refusals.init_blueprint(bp)
rate_limit.init_blueprint(bp)
