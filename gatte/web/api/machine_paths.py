"""The OpenAPI text of what is no resource of the API: the webhook of WhatsApp, health and metrics.

A test compares these addresses with the routes, and their answers with the schemas.
"""

from typing import Any

from gatte.conversation.nlu import MessageKind

PROBLEM_REF = {"$ref": "#/components/schemas/ProblemDocument"}
WEBHOOK_DESCRIPTION = """\
Meta posts events of the WhatsApp Business account here.

**Signature.** `X-Hub-Signature-256` is `sha256=` and the HMAC-SHA256 of the raw bytes of the body
under the app secret (WHATSAPP_APP_SECRET; while it is rotated two secrets are good). It is checked
before anything is read: parsed and printed again, the bytes would differ.

**Stored means 200.** 200 is sent when all messages and statuses of the body are committed, and not
before. Any other status, or none, means that Meta has to deliver the whole body again.

**Retries.** Meta repeats a body for up to 7 days, ever more slowly, until it gets 200. A message
that comes again (same number and wamid) is stored once and answered once.

**Order.** Meta promises none. Messages of a contact are worked on in the order of Meta's
timestamps, then of arrival, after a pause of 2 s (at most 10 s). A status never takes a message
back: `delivered` after `read` changes nothing.
"""
HANDSHAKE_DESCRIPTION = """\
Meta asks once, when the address is entered in the app's settings, whether it is ours: with the
right `hub.verify_token` (WHATSAPP_VERIFY_TOKEN) it gets `hub.challenge` back as plain text.
"""
READY_DESCRIPTION = """\
200 when a message that comes in now would be stored and answered (`ready`, or `degraded` when in a
poorer way); 503 (`not ready`) when not. Each part is told apart.

`scope=store` asks for what Meta needs alone: that a message would be stored (database, schema). A
web process that can do that stays behind the proxy whatever the workers do. `scope=work` asks
whether what is stored would be answered (Redis, worker, scheduler).
"""
STARTUP_DESCRIPTION = """\
503 until this web process could store a message for the first time, and 200 ever after: for the
start-up probe of a container, so that a database that is away later does not restart it.
"""
EXAMPLE_EVENT = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "102290129340398",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "messaging_product": "whatsapp",
                        "metadata": {
                            "display_phone_number": "551130000000",
                            "phone_number_id": "106540352242922",
                        },
                        "contacts": [{"profile": {"name": "Joana"}, "wa_id": "5511970000001"}],
                        "messages": [
                            {
                                "from": "5511970000001",
                                "id": "wamid.HBgNNTUxMTk3MDAwMDAwMRUCABIYFDNB",
                                "timestamp": "1790000000",
                                "type": "text",
                                "text": {"body": "Quanto custa o e-CNPJ A1?"},
                            }
                        ],
                    },
                }
            ],
        }
    ],
}


def _text(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"text/plain": {"schema": {"type": "string"}}}}


def _problem(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": PROBLEM_REF}}
    return {"description": description, "content": content}


def _json(description: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


def _query(name: str, description: str, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON schema
    return {
        "name": name,
        "in": "query",
        "required": True,
        "description": description,
        "schema": {"type": "string", **schema},
    }


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _open_object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    """An object of Meta's, which has more members than are told here."""
    return {**_object(properties, *required), "additionalProperties": True}


SCHEMAS: dict[str, Any] = {
    "WebhookPayload": {
        **_object(
            {
                "object": {"const": "whatsapp_business_account"},
                "entry": _array({"$ref": "#/components/schemas/WebhookEntry"}),
            },
            "object",
            "entry",
        ),
        "description": "One body; may hold many messages and statuses of several numbers.",
    },
    "WebhookEntry": _open_object(
        {
            "id": {"type": "string", "description": "The WhatsApp Business account."},
            "changes": _array({"$ref": "#/components/schemas/WebhookChange"}),
        },
        "changes",
    ),
    "WebhookChange": _open_object(
        {
            "field": {
                "type": "string",
                "description": "`messages`; other fields are kept and not worked on.",
            },
            "value": {"$ref": "#/components/schemas/WebhookValue"},
        },
        "field",
        "value",
    ),
    "WebhookValue": _open_object(
        {
            "metadata": _open_object({"phone_number_id": {"type": "string"}}, "phone_number_id"),
            "contacts": _array({"type": "object"}),
            "messages": _array({"$ref": "#/components/schemas/WebhookMessage"}),
            "statuses": _array({"$ref": "#/components/schemas/WebhookStatus"}),
        }
    ),
    "WebhookMessage": _open_object(
        {
            "id": {"type": "string", "description": "The wamid: the same when it comes again."},
            "from": {"type": "string", "description": "The customer's phone (wa_id)."},
            "timestamp": {"type": "string", "description": "Seconds since 1970."},
            "type": {
                "type": "string",
                "description": "Read as " + ", ".join(kind.value for kind in MessageKind) + ".",
            },
        },
        "id",
        "type",
    ),
    "WebhookStatus": _open_object(
        {
            "id": {"type": "string", "description": "The wamid of what we sent."},
            "status": {"enum": ["sent", "delivered", "read", "failed"]},
            "timestamp": {"type": "string", "description": "Seconds since 1970."},
            "biz_opaque_callback_data": {
                "type": "string",
                "description": "Our id of the message, which settles a send whose answer was lost.",
            },
        },
        "id",
        "status",
    ),
    "Liveness": _object({"status": {"const": "alive"}}, "status"),
    "Startup": _object(
        {"status": {"enum": ["started", "starting"]}, "checks": {"type": "object"}},
        "status",
        "checks",
    ),
    "Readiness": _object(
        {
            "status": {"enum": ["ready", "degraded", "not ready"]},
            "checks": {
                "type": "object",
                "description": "database, schema, redis, worker, scheduler and gemini, or those "
                "of the scope.",
                "additionalProperties": _object(
                    {"ok": {"type": "boolean"}, "latency_ms": {"type": "number"}},
                    "ok",
                    "latency_ms",
                ),
            },
        },
        "status",
        "checks",
    ),
}
PATHS: dict[str, Any] = {
    "/webhook/whatsapp": {
        "get": {
            "operationId": "handshake",
            "tags": ["webhook of WhatsApp"],
            "summary": "Meta's handshake",
            "description": HANDSHAKE_DESCRIPTION,
            "security": [],
            "parameters": [
                _query("hub.mode", "What Meta wants.", const="subscribe"),
                _query("hub.verify_token", "The value of WHATSAPP_VERIFY_TOKEN."),
                _query("hub.challenge", "What is to be sent back."),
            ],
            "responses": {
                "200": _text("The challenge."),
                "403": _problem("The verify token is not ours."),
            },
        },
        "post": {
            "operationId": "receive",
            "tags": ["webhook of WhatsApp"],
            "summary": "Messages and statuses",
            "description": WEBHOOK_DESCRIPTION,
            "security": [],
            "parameters": [
                {
                    "name": "X-Hub-Signature-256",
                    "in": "header",
                    "required": True,
                    "description": "`sha256=` and 64 hex digits.",
                    "schema": {"type": "string", "pattern": "^sha256=[0-9a-f]{64}$"},
                }
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/WebhookPayload"},
                        "examples": {"text": {"value": EXAMPLE_EVENT}},
                    }
                },
            },
            "responses": {
                "200": {"description": "Stored. The body is empty."},
                "400": _problem("Signed, and no webhook body."),
                "401": _problem("The signature does not fit the body."),
                "413": _problem("Larger than 3 MiB."),
                "503": _problem("Not stored: deliver it again, after Retry-After."),
            },
        },
    },
    "/health/live": {
        "get": {
            "operationId": "live",
            "tags": ["operations"],
            "summary": "Whether this process serves requests",
            "security": [],
            "responses": {"200": _json("It does.", "Liveness")},
        }
    },
    "/health/startup": {
        "get": {
            "operationId": "startup",
            "tags": ["operations"],
            "summary": "Whether this process could store a message once",
            "description": STARTUP_DESCRIPTION,
            "security": [],
            "responses": {
                "200": _json("It could.", "Startup"),
                "503": _json("Not yet.", "Startup"),
            },
        }
    },
    "/health/ready": {
        "get": {
            "operationId": "ready",
            "tags": ["operations"],
            "summary": "Whether messages would be stored and answered",
            "description": READY_DESCRIPTION,
            "security": [],
            "parameters": [
                {
                    "name": "scope",
                    "in": "query",
                    "description": "What is asked for.",
                    "schema": {"enum": ["all", "store", "work"], "default": "all"},
                }
            ],
            "responses": {
                "200": _json("They would.", "Readiness"),
                "400": _problem("There is no such scope."),
                "503": _json("They would not.", "Readiness"),
            },
        }
    },
    "/metrics": {
        "get": {
            "operationId": "prometheus_metrics",
            "tags": ["operations"],
            "summary": "Metrics in the text format of Prometheus",
            "description": "All processes of the host together. The proxy does not let it out.",
            "security": [],
            "responses": {"200": _text("`gatte_…` series.")},
        }
    },
}
