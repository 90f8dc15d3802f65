"""The webhook of WhatsApp: Meta's handshake, and events. Signature first, then shape, then a
commit, then 200; nothing else.

Meta delivers a body again, whole, until it gets 200: so 200 means stored, and 503 means try again.
"""

import hmac
from collections.abc import Iterable, Sequence

import structlog
from flask import Blueprint, Flask, Response, request

from gatte import services
from gatte.intake.group_commit import Backpressure, StorageUnavailable
from gatte.intake.receive import InboxReceiver
from gatte.observability import metrics, tracing
from gatte.observability.metric_labels import WebhookOutcome
from gatte.web.problems import problem_response
from gatte.web.webhook_middleware import Environ, FastPath, StartResponse, WsgiResponse
from gatte.whatsapp import signature
from gatte.whatsapp.webhook_parser import InvalidPayload

log = structlog.get_logger(__name__)
bp = Blueprint("webhook", __name__, url_prefix="/webhook")

PATH = "/webhook/whatsapp"
RETRY_SECONDS = 5
STORED = metrics.WEBHOOK_REQUESTS.labels(outcome=WebhookOutcome.STORED)


@bp.get("/whatsapp")
def handshake() -> Response:
    """Meta asks whether this address is ours: the right token gets its challenge back."""
    token = services.settings().whatsapp_verify_token.get_secret_value()
    given = request.args.get("hub.verify_token", "")
    right = bool(token) and hmac.compare_digest(given.encode(), token.encode())
    if request.args.get("hub.mode") != "subscribe" or not right:
        return _problem_response(
            403,
            "Wrong verify token",
            "hub.verify_token is not the value of WHATSAPP_VERIFY_TOKEN",
            WebhookOutcome.HANDSHAKE_REFUSED,
        )
    return Response(request.args.get("hub.challenge", ""), mimetype="text/plain")


@bp.post("/whatsapp")
def receive() -> WsgiResponse:
    """Store what Meta brings; 200 only when it is committed."""
    raw, signed = request.get_data(cache=False), request.environ.get("HTTP_X_HUB_SIGNATURE_256")
    return handle_webhook(services.inbox_receiver(), services.settings().app_secrets, raw, signed)


def fast_path(app: Flask) -> FastPath:
    """What answers a webhook body without a request of Flask."""
    inbox: InboxReceiver = app.extensions["gatte_inbox"]
    secrets = app.extensions["gatte_settings"].app_secrets
    return lambda raw, signed: handle_webhook(inbox, secrets, raw, signed)


def handle_webhook(
    inbox: InboxReceiver, secrets: Sequence[str], raw: bytes, signed: str | None
) -> WsgiResponse:
    """What Meta is told of a body."""
    if not signature.verify(raw, signed, secrets):
        return _problem_response(
            401,
            "Wrong signature",
            "X-Hub-Signature-256 does not match the body under WHATSAPP_APP_SECRET",
            WebhookOutcome.BAD_SIGNATURE,
        )
    try:
        inbox.store(raw, tracing.current_request_id())
    except InvalidPayload as error:
        return _problem_response(400, "Not a webhook body", error.reason, WebhookOutcome.BAD_BODY)
    except StorageUnavailable as error:
        overloaded = isinstance(error, Backpressure)
        outcome = WebhookOutcome.OVERLOADED if overloaded else WebhookOutcome.NOT_STORED
        return _problem_response(
            503, "Not stored", "The message could not be stored; deliver it again", outcome
        )
    STORED.inc()
    return _ok


def _ok(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
    start_response(
        "200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0")]
    )
    return ()


def _problem_response(status: int, title: str, detail: str, outcome: WebhookOutcome) -> Response:
    """A refusal as a problem document (RFC 9457), counted."""
    metrics.WEBHOOK_REQUESTS.labels(outcome=outcome).inc()
    log.warning("webhook_refused", outcome=outcome.value, status=status)
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    return problem_response(status, detail, title=title, headers=headers, instance=PATH)
