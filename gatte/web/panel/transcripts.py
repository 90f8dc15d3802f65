"""The transcript of a voice message: the recording to listen to, and a person's correction."""

from uuid import UUID

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from gatte.conversation.nlu import MessageKind
from gatte.delivery import media_for
from gatte.extensions import db
from gatte.intelligence.transcription import LARGEST_AUDIO
from gatte.models import Message
from gatte.store import audit, conversations, messages
from gatte.web.panel.auth import note_reading
from gatte.web.panel.conversation import PLACE, do
from gatte.whatsapp.media import DownloadFailed

OF_MESSAGE = f"{PLACE}/mensagens/<uuid:message_id>"
LONGEST_TRANSCRIPT = 10_000
CORRECTED = "Transcrição corrigida. A versão automática fica guardada junto."


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(f"{OF_MESSAGE}/audio", view_func=play_voice)
    bp.add_url_rule(f"{OF_MESSAGE}/transcricao", view_func=correct_transcript, methods=["POST"])


def play_voice(conversation_id: UUID, message_id: UUID) -> Response:
    """The recording, fetched from Meta, which keeps it for some days; 404 once it is gone."""
    message = _voice_or_404(conversation_id, message_id)
    facts = message.raw_payload or {}
    number = conversations.get_conversation(conversation_id).phone_number_id
    note_reading(f"conversation:{conversation_id}")
    db.session.commit()  # nothing stays open while Meta is asked
    media = media_for(number)
    if media is None or not facts.get("media_id"):
        abort(404)
    try:
        file = media.download(number, facts["media_id"], LARGEST_AUDIO, facts.get("sha256"))
    except DownloadFailed:
        abort(404)
    mime_type = (file.mime_type or "").partition(";")[0]
    if not mime_type.startswith("audio/"):
        abort(404)
    return Response(file.content, mimetype=mime_type)


def correct_transcript(conversation_id: UUID, message_id: UUID) -> AnyResponse:
    """Let a person's words stand for a voice message; the model's are kept."""
    words = request.form.get("transcricao", "").strip()[:LONGEST_TRANSCRIPT]
    if not words:
        abort(400)
    _voice_or_404(conversation_id, message_id)

    def correct(conversation_id: UUID, user_id: int) -> None:
        message = _voice_or_404(conversation_id, message_id)
        messages.correct_transcript(message, words)
        details = {"message": str(message_id)}
        audit.record(user_id, "correct_transcript", f"conversation:{conversation_id}", details)

    return do(conversation_id, correct, CORRECTED)


def _voice_or_404(conversation_id: UUID, message_id: UUID) -> Message:
    message = messages.find_message(message_id)
    if message is None or message.conversation_id != conversation_id:
        abort(404)
    if message.kind != MessageKind.AUDIO.value or message.erased_at is not None:
        abort(404)
    return message
