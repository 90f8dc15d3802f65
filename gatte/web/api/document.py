"""The OpenAPI 3.1 document, made from the declared endpoints, and the page that shows it."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, render_template

from gatte.media.file_types import UNKNOWN_MIME_TYPE
from gatte.models import Scope
from gatte.web.api import (
    appointments,
    certificates,
    contacts,
    conversations,
    daily_figures,
    event_schemas,
    facts,
    knowledge,
    leads,
    machine_paths,
    message_templates,
    messages,
    tickets,
    webhooks,
)
from gatte.web.api.endpoint import ENDPOINTS, Endpoint, tree
from gatte.web.problems import MEDIA_TYPE

DESCRIPTION = """\
What programs may do with GATTE. `docs/api.md` is the short introduction.

**Tokens.** `Authorization: Bearer gatte_…`; an admin makes them in the panel or by
`flask tokens create`. A token has scopes, and acts in the name of a user of the panel.

**Pages.** Lists have `items` and `next_cursor`; send it as `cursor` for the next page, with the
same filters.

**Refusals** are problem documents (RFC 9457): `type` names the problem, `detail` says what to do.

**Changes.** PATCH, PUT and DELETE want the `ETag` of the resource as `If-Match` (428 without, 412
when it changed meanwhile). A POST that takes an `Idempotency-Key` is done once when it is sent
again with the same one within 24 hours, and answered the same.

**Limits.** `RateLimit` tells how many requests are left, `Retry-After` when to go on. An address of
more than 4,094 bytes is refused by the HTTP server, before the API sees it: 414, without a problem
document.
"""
RESOURCES = (
    contacts,
    conversations,
    messages,
    message_templates,
    tickets,
    leads,
    certificates,
    appointments,
    knowledge,
    facts,
    daily_figures,
    webhooks,
)
EXAMPLES = Path(__file__).with_name("examples.json")
bp = Blueprint("docs", __name__)
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A fresh random value for each thing to be done; kept for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of the resource as you know it; * takes any.",
    "schema": {"type": "string"},
}
HEADERS = {
    "RateLimit": {"description": "Requests left, and seconds until all are back."},
    "RateLimit-Policy": {"description": "Requests allowed, and in how many seconds."},
    "X-Request-ID": {"description": "Under which our logs know the request."},
}
ETAG_HEADER = {
    "ETag": {"description": "The version of the resource.", "schema": {"type": "string"}}
}
FILE_CONTENT = {UNKNOWN_MIME_TYPE: {"schema": {"type": "string", "format": "binary"}}}
REFUSED = {
    400: "Malformed: the body is no JSON object, or the cursor not one of this list.",
    401: "No valid token.",
    403: "The token lacks the scope.",
    404: "There is no such thing, or it was erased.",
    409: "What there is does not allow it, or the same Idempotency-Key is under way.",
    412: "The resource changed since the version in If-Match.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The request does not fit; `errors` says where.",
    428: "If-Match is missing.",
    429: "Too many requests; Retry-After says how long to wait.",
    503: "The database does not answer; nothing was changed.",
}


@lru_cache(maxsize=1)
def build_document() -> dict[str, Any]:
    """The whole document; an application context must be open."""
    document: dict[str, Any] = dict(tree.spec)
    document["info"] = {"title": "GATTE", "version": "1", "description": DESCRIPTION}
    document["tags"] = [{"name": one.TAG, "description": one.__doc__} for one in RESOURCES]
    document["servers"] = [{"url": "/"}]
    models = document["components"]["schemas"]
    named = {name: schema for name, schema in models.items() if not name.endswith("Query")}
    schemas = {**named, **machine_paths.SCHEMAS}  # spectree writes queries out where they are used
    for name, example in read_examples().items():
        schemas[name]["examples"] = [example]
    document["components"] = {"schemas": schemas, "securitySchemes": _security_schemes()}
    document["security"] = [{"bearer": []}]
    for methods in document["paths"].values():
        for operation in methods.values():
            _complete(operation, ENDPOINTS[operation["operationId"]])
    document["paths"] = {**document["paths"], **machine_paths.PATHS}
    document["webhooks"] = event_schemas.build_webhooks()
    return document


def read_examples() -> dict[str, Any]:
    """An example of each resource and each body, by the name of its schema."""
    examples: dict[str, Any] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return examples


def _security_schemes() -> dict[str, Any]:
    scopes = ", ".join(scope.value for scope in Scope)
    bearer = {"type": "http", "scheme": "bearer", "description": f"Scopes: {scopes}."}
    return {"bearer": bearer}


def _complete(operation: dict[str, Any], endpoint: Endpoint) -> None:
    """What spectree does not know: headers, the media type of problems, what they mean."""
    operation["description"] += f"\n\nScope: `{endpoint.scope.value}`."
    if endpoint.idempotent:
        operation["parameters"].append(IDEMPOTENCY_KEY)
    if endpoint.conditional:
        operation["parameters"].append(IF_MATCH)
    for status, response in operation["responses"].items():
        headers = {name: {**text, "schema": {"type": "string"}} for name, text in HEADERS.items()}
        response["headers"] = headers
        if int(status) >= 400:
            response["description"] = REFUSED[int(status)]
            response["content"] = {MEDIA_TYPE: response["content"]["application/json"]}
        elif endpoint.returns is None:
            response["content"] = FILE_CONTENT
        elif "items" not in endpoint.returns.model_fields:
            headers.update(ETAG_HEADER)


@bp.get("/openapi.json")
def show_document() -> Response:
    """GET /openapi.json."""
    return jsonify(build_document())


@bp.get("/docs")
def show_page() -> str:
    """GET /docs: the document to read and try, from our own files alone."""
    return render_template("docs.html")
