"""Muting a contact by hand, and taking a mute back, from the page of a conversation."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response as AnyResponse

from gatte.models import Contact, MuteReason
from gatte.store import contacts, conversations
from gatte.web.panel import labels
from gatte.web.panel.conversation import PLACE, do
from gatte.web.panel.form_values import form_enum
from gatte.web.panel.formatting import datetime_br, now


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(f"{PLACE}/silenciar", view_func=mute, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/reativar", view_func=unmute, methods=["POST"])


def mute(conversation_id: UUID) -> AnyResponse:
    """Let the bot answer nothing of this contact for a while."""
    reason = form_enum("motivo", MuteReason)
    hours = labels.MUTE_HOURS.get(request.form.get("horas", ""))
    if hours is None:
        abort(400)
    until = now() + timedelta(hours=hours)

    def silence(conversation_id: UUID, user_id: int) -> None:
        contacts.mute(_contact(conversation_id), reason, until, user_id)

    praise = f"Contato silenciado até {datetime_br(until)}: o robô não responde o que ele escrever."
    return do(conversation_id, silence, praise)


def unmute(conversation_id: UUID) -> AnyResponse:
    def forgive(conversation_id: UUID, user_id: int) -> None:
        contacts.unmute(_contact(conversation_id), user_id)

    praise = "Contato reativado: o robô volta a responder o que ele escrever."
    return do(conversation_id, forgive, praise)


def _contact(conversation_id: UUID) -> Contact:
    return conversations.get_conversation(conversation_id).contact
