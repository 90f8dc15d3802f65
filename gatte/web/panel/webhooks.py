"""Other systems that are told of events: an admin adds and stops them, sees what became of the
events, and sends again what did not arrive.
"""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import subscriptions
from gatte.desk.subscriptions import LONGEST_URL, BadWebhookUrl
from gatte.extensions import db
from gatte.models import WebhookDeliveryState, WebhookEventType, WebhookSubscription
from gatte.store import webhook_deliveries
from gatte.store import webhook_subscriptions as stored
from gatte.store.webhook_subscriptions import NoSuchSubscription
from gatte.web.htmx import render
from gatte.web.panel.admin_access import require_admin
from gatte.web.panel.auth import current_user_or_401, require_fresh_login
from gatte.web.panel.form_values import LARGEST_BIGINT, form_text, parse_integer
from gatte.web.panel.webhook_labels import WEBHOOK_EVENTS

PLACE = "/panel/webhooks"
ONE = f"{PLACE}/<uuid:webhook_id>"
PAGE_SIZE = 50
DEAD_ONLY = "nao-entregues"
BAD_FORM = (
    "Confira o endereço e marque ao menos um aviso. O endereço começa com https://, não leva"
    " usuário nem senha e tem no máximo {longest} caracteres."
)


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(PLACE, view_func=list_webhooks)
    bp.add_url_rule(PLACE, view_func=create_webhook, methods=["POST"])
    bp.add_url_rule(ONE, view_func=show_webhook)
    bp.add_url_rule(f"{ONE}/reenviar", view_func=replay_webhook, methods=["POST"])
    bp.add_url_rule(f"{ONE}/situacao", view_func=switch_webhook, methods=["POST"])


def list_webhooks() -> AnyResponse:
    """The webhooks and the form of a new one; a login of a short time ago comes first, so that the
    form is not lost to it.
    """
    return _confirm_first() or _page()


def create_webhook() -> AnyResponse:
    """Tell an address of events from now on; the answer shows the secret, this once."""
    if (asked := _confirm_first()) is not None:
        return asked
    wanted = set(request.form.getlist("aviso"))
    chosen = [event for event in WebhookEventType if event.value in wanted]
    url = form_text("endereco")
    try:
        row = _subscribe(url, chosen)
    except BadWebhookUrl:
        problem = BAD_FORM.format(longest=LONGEST_URL)
        return _page(status=422, problem=problem, chosen=chosen, written=url)
    db.session.commit()
    return _page(created=row, secret=row.secret or "")


def _subscribe(url: str, chosen: Sequence[WebhookEventType]) -> WebhookSubscription:
    if not chosen:
        raise BadWebhookUrl("names no event")
    return subscriptions.subscribe(url, chosen, current_user_or_401().id)


def _page(
    status: int = 200,
    *,
    created: WebhookSubscription | None = None,
    secret: str = "",
    problem: str = "",
    chosen: Sequence[WebhookEventType] = (),
    written: str = "",
) -> Response:
    counts = webhook_deliveries.count_undelivered()
    return render(
        "panel/webhooks.html",
        status=status,
        webhooks=stored.list_subscriptions(),
        waiting=_of_state(counts, WebhookDeliveryState.PENDING),
        dead=_of_state(counts, WebhookDeliveryState.DEAD_LETTER),
        events=list(WEBHOOK_EVENTS.items()),
        longest_url=LONGEST_URL,
        created=created,
        secret=secret,
        problem=problem,
        chosen=chosen,
        written=written,
    )


def _of_state(
    counts: dict[tuple[UUID, WebhookDeliveryState], int], wanted: WebhookDeliveryState
) -> dict[UUID, int]:
    return {webhook_id: count for (webhook_id, state), count in counts.items() if state is wanted}


def show_webhook(webhook_id: UUID) -> AnyResponse:
    """One webhook with its events, the newest first; only those not delivered when asked."""
    require_admin()
    webhook = stored.find_subscription(webhook_id)
    if webhook is None:
        abort(404)
    dead_only = request.args.get("ver") == DEAD_ONLY
    found = webhook_deliveries.list_page(
        webhook_id,
        state=WebhookDeliveryState.DEAD_LETTER if dead_only else None,
        after=parse_integer(request.args.get("antes", ""), LARGEST_BIGINT),
        limit=PAGE_SIZE + 1,
    )
    shown = found[:PAGE_SIZE]
    view = DEAD_ONLY if dead_only else None
    counts = webhook_deliveries.count_undelivered()
    return render(
        "panel/webhook.html",
        webhook=webhook,
        deliveries=shown,
        dead_only=dead_only,
        dead=counts.get((webhook_id, WebhookDeliveryState.DEAD_LETTER), 0),
        waiting=counts.get((webhook_id, WebhookDeliveryState.PENDING), 0),
        first=_page_url(webhook_id, view, None) if "antes" in request.args else None,
        more=_page_url(webhook_id, view, shown[-1].sequence) if len(found) > PAGE_SIZE else None,
        dead_url=_page_url(webhook_id, DEAD_ONLY, None),
    )


def _page_url(webhook_id: UUID, view: str | None, before: int | None) -> str:
    """A page of the events of a webhook: those before a number, or the newest."""
    return url_for("panel.show_webhook", webhook_id=webhook_id, ver=view, antes=before)


def replay_webhook(webhook_id: UUID) -> AnyResponse:
    """Send what was given up once more."""
    if (asked := _confirm_first()) is not None:
        return asked
    try:
        count = subscriptions.replay(webhook_id, current_user_or_401().id)
    except NoSuchSubscription:
        abort(404)
    db.session.commit()
    flash(f"Avisos a caminho de novo: {count}.", "success")
    return redirect(url_for("panel.show_webhook", webhook_id=webhook_id), 303)


def switch_webhook(webhook_id: UUID) -> AnyResponse:
    """Tell an address of nothing any more, or of events again."""
    if (asked := _confirm_first()) is not None:
        return asked
    active = request.form.get("ativo") == "sim"
    try:
        subscriptions.change(webhook_id, current_user_or_401().id, active=active)
    except NoSuchSubscription:
        abort(404)
    db.session.commit()
    told = "Webhook ligado: ele recebe os avisos de novo." if active else "Webhook desligado."
    flash(told, "success")
    return redirect(url_for("panel.show_webhook", webhook_id=webhook_id), 303)


def _confirm_first() -> AnyResponse | None:
    """403 for who is no admin; None for one who typed the password a short time ago, else the way
    to the page that asks for it.
    """
    require_admin()
    return require_fresh_login(url_for("panel.list_webhooks"))
