"""Files that customers sent, for those who may see the conversation: pictures and sounds in the
thread, everything else to be saved.
"""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.extensions import db
from gatte.media import file_types, sealed_files
from gatte.media.sealed_files import ContentPart, MediaUnreadable
from gatte.models import MediaFile, MediaState
from gatte.store import audit, media_files, messages
from gatte.web.file_response import attachment_response, inline_response
from gatte.web.panel.auth import current_user_or_401, note_reading
from gatte.web.panel.conversation import PLACE
from gatte.web.panel.formatting import local

FILE_PLACE = f"{PLACE}/mensagens/<uuid:message_id>/arquivo"
UNREADABLE = "Não foi possível abrir o arquivo agora. Tente de novo em instantes."
KIND_NAMES = {"image": "imagem", "sticker": "figurinha", "audio": "audio", "video": "video"}


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(FILE_PLACE, view_func=download_media)
    bp.add_url_rule(f"{FILE_PLACE}/ver", view_func=show_media)


def show_media(conversation_id: UUID, message_id: UUID) -> Response:
    """The picture that was made of an image, or a sound."""
    row = _stored_file(conversation_id, message_id)
    size = row.size or 0
    mime_type = row.mime_type or ""
    part = ContentPart.CONTENT
    if row.preview_size is not None:
        size = row.preview_size
        mime_type = file_types.WEBP.mime_type
        part = ContentPart.PREVIEW
    elif mime_type not in file_types.PLAYABLE_MIME_TYPES:
        abort(404)
    try:
        content = sealed_files.read(row, part)
    except MediaUnreadable:
        abort(404)
    note_reading(f"conversation:{conversation_id}")
    return inline_response(content, size, mime_type)


def download_media(conversation_id: UUID, message_id: UUID) -> AnyResponse:
    """The file as it came, to be saved."""
    row = _stored_file(conversation_id, message_id)
    size = row.size or 0
    name = name_of(row)
    try:
        content = sealed_files.read(row, ContentPart.CONTENT)
    except MediaUnreadable:
        flash(UNREADABLE, "danger")
        place = url_for("panel.show_conversation", conversation_id=conversation_id)
        return redirect(place, 303)
    details = {"message": str(message_id)}
    subject = f"conversation:{conversation_id}"
    audit.record(current_user_or_401().id, "media.download", subject, details)
    db.session.commit()
    return attachment_response(content, size, name)


def name_of(row: MediaFile) -> str:
    """The name under which a file is saved."""
    fallback = f"{KIND_NAMES.get(row.kind, 'arquivo')}-{local(row.created_at):%Y%m%d-%H%M%S}"
    return file_types.download_name(row.filename, row.mime_type, fallback)


def _stored_file(conversation_id: UUID, message_id: UUID) -> MediaFile:
    """The file of a message of this conversation; 404 when there is none, or it is not here."""
    message = messages.find_message(message_id)
    if message is None or message.conversation_id != conversation_id:
        abort(404)
    row = media_files.find_of_message(message_id)
    if row is None or row.state is not MediaState.STORED:
        abort(404)
    return row
