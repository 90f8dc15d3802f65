"""A contact's certificates, and what it allows the company to send."""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import contacts as desk
from gatte.extensions import db
from gatte.models import ConsentKind, Contact
from gatte.store import certificates, consents, conversations
from gatte.web.htmx import render
from gatte.web.panel.auth import current_user_or_401, note_reading
from gatte.web.panel.certificates import local_today
from gatte.web.panel.contact_overview import consent_in_words, newest_choices
from gatte.web.panel.conversation import PLACE
from gatte.web.panel.form_values import form_enum, form_text

ANSWERS = {"sim": True, "nao": False}


def add_routes(bp: Blueprint) -> None:
    page = f"{PLACE}/contato"
    bp.add_url_rule(page, view_func=show_contact_profile)
    bp.add_url_rule(f"{page}/consentimento", view_func=set_consent, methods=["POST"])


def show_contact_profile(conversation_id: UUID) -> Response:
    contact = _contact(conversation_id)
    rows = consents.list_of_contact(contact.id)
    newest = newest_choices(rows)
    page = render(
        "panel/contact_profile.html",
        conversation_id=conversation_id,
        contact=contact,
        certificates=certificates.list_of_contact(contact.id),
        consents=rows,
        kinds=[(kind, newest.get(kind), consent_in_words(kind, newest)) for kind in ConsentKind],
        today=local_today(),
    )
    note_reading(f"contact:{contact.id}")
    return page


def set_consent(conversation_id: UUID) -> AnyResponse:
    contact = _contact(conversation_id)
    kind = form_enum("tipo", ConsentKind)
    granted = ANSWERS.get(request.form.get("aceita", ""))
    note = form_text("nota")
    if granted is None or len(note) > desk.LONGEST_NOTE:
        abort(400)
    desk.set_consent(contact, kind, current_user_or_401().id, granted=granted, note=note)
    db.session.commit()
    flash("Registrado em seu nome, com a data e a hora.", "success")
    return redirect(url_for("panel.show_contact_profile", conversation_id=conversation_id), 303)


def _contact(conversation_id: UUID) -> Contact:
    conversation = conversations.find_with_people(conversation_id)
    if conversation is None or conversation.contact.data_key_id is None:
        abort(404)
    return conversation.contact
