"""What is remembered of a contact, as people of the desk see, correct and delete it."""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import memory_changes
from gatte.desk.memory_changes import BadMemory, StaleMemory
from gatte.extensions import db
from gatte.models import Contact
from gatte.store import audit, conversations, memories
from gatte.store.memories import NoSuchMemory
from gatte.web.htmx import render
from gatte.web.panel.auth import current_user_or_401
from gatte.web.panel.conversation import PLACE
from gatte.web.panel.form_values import chosen_version, form_text

STALE = "Outra pessoa mudou esta lembrança. Confira o valor de agora antes de mudar."
BAD = f"Escreva o valor, com até {memory_changes.LONGEST_VALUE} caracteres; o e-mail, inteiro."


def add_routes(bp: Blueprint) -> None:
    memory = f"{PLACE}/memoria/<uuid:memory_id>"
    bp.add_url_rule(f"{PLACE}/memoria", view_func=show_memories)
    bp.add_url_rule(memory, view_func=correct_memory, methods=["POST"])
    bp.add_url_rule(f"{memory}/apagar", view_func=forget_memory, methods=["POST"])


def show_memories(conversation_id: UUID) -> Response:
    contact = _contact(conversation_id)
    audit.record_reading(current_user_or_401().id, f"contact:{contact.id}")
    db.session.commit()
    return _page(conversation_id)


def _page(conversation_id: UUID, status: int = 200, problem: str = "") -> Response:
    contact = _contact(conversation_id)
    return render(
        "panel/contact_memories.html",
        status=status,
        conversation_id=conversation_id,
        contact=contact,
        memories=memories.list_of_contact(contact.id),
        longest=memory_changes.LONGEST_VALUE,
        problem=problem,
    )


def correct_memory(conversation_id: UUID, memory_id: UUID) -> AnyResponse:
    contact = _contact(conversation_id)
    try:
        memory_changes.correct(
            contact.id, memory_id, form_text("valor"), current_user_or_401().id, chosen_version()
        )
    except NoSuchMemory:
        abort(404)
    except (BadMemory, StaleMemory) as refusal:
        db.session.rollback()
        is_stale = isinstance(refusal, StaleMemory)
        return _page(conversation_id, 409 if is_stale else 422, STALE if is_stale else BAD)
    db.session.commit()
    flash("Lembrança corrigida. O robô usa o novo valor na próxima mensagem.", "success")
    return _back(conversation_id)


def forget_memory(conversation_id: UUID, memory_id: UUID) -> AnyResponse:
    contact = _contact(conversation_id)
    try:
        memory_changes.forget(contact.id, memory_id, current_user_or_401().id)
    except NoSuchMemory:
        abort(404)
    db.session.commit()
    flash("Lembrança apagada. O robô não usa mais isso.", "success")
    return _back(conversation_id)


def _contact(conversation_id: UUID) -> Contact:
    conversation = conversations.find_conversation(conversation_id)
    if conversation is None:
        abort(404)
    return conversation.contact


def _back(conversation_id: UUID) -> AnyResponse:
    return redirect(url_for("panel.show_memories", conversation_id=conversation_id), 303)
