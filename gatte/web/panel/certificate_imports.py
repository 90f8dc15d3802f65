"""Uploading a file of certificates: what is wrong in it is shown first, and nothing is stored
before somebody confirms.
"""

import contextlib
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import certificate_files
from gatte.desk import certificate_imports as desk
from gatte.extensions import db
from gatte.models import CertificateImport, CertificateImportState
from gatte.store import certificate_imports as stored
from gatte.store import scheduled_jobs
from gatte.web.htmx import render
from gatte.web.panel.admin_access import require_admin
from gatte.web.panel.auth import current_user_or_401

PLACE = "/panel/certificados/importar"
UPLOAD = "panel.upload_certificates"
MOST_BYTES = 16 * 1024 * 1024
ROUTINE = "import_certificates"
GONE = "Este arquivo não está mais aqui. Envie de novo: o que já foi gravado não se repete."


def add_routes(bp: Blueprint) -> None:
    one = f"{PLACE}/<uuid:import_id>"
    bp.url_value_preprocessor(allow_large_files)
    bp.add_url_rule(PLACE, view_func=new_certificate_import)
    bp.add_url_rule(PLACE, view_func=upload_certificates, methods=["POST"])
    bp.add_url_rule(one, view_func=show_certificate_import)
    bp.add_url_rule(one, view_func=confirm_certificate_import, methods=["POST"])


def allow_large_files(endpoint: str | None, _: dict[str, object] | None) -> None:
    """Let the upload be larger than other forms, before anything reads it."""
    if endpoint == UPLOAD:
        request.max_content_length = MOST_BYTES


def new_certificate_import() -> Response:
    require_admin()
    return _new_page()


def _new_page(status: int = 200, problem: str = "") -> Response:
    return render(
        "panel/certificate_import_new.html",
        status=status,
        problem=problem,
        columns=certificate_files.COLUMNS.values(),
    )


def upload_certificates() -> AnyResponse:
    """Read a file and keep it until it is confirmed."""
    require_admin()
    content = _uploaded()
    if not content:
        return _new_page(422, "Escolha um arquivo CSV que não esteja vazio.")
    try:
        draft = desk.add_draft(content, current_user_or_401().id)
    except certificate_files.BadCertificateFile as problem:
        return _new_page(422, str(problem))
    db.session.commit()
    return redirect(url_for("panel.show_certificate_import", import_id=draft.id), 303)


def _uploaded() -> bytes:
    """The file of the form; empty when there is none."""
    file = request.files.get("arquivo")
    if file is None:
        return b""
    with contextlib.closing(file):
        content: bytes = file.read()
    return content


def show_certificate_import(import_id: UUID) -> Response:
    require_admin()
    row = _find(import_id)
    return render(
        "panel/certificate_import.html",
        draft=row,
        is_draft=row.state is CertificateImportState.DRAFT,
        is_done=row.state is CertificateImportState.DONE,
    )


def _find(import_id: UUID) -> CertificateImport:
    row = stored.find_import(import_id)
    if row is None:
        abort(404)
    return row


def confirm_certificate_import(import_id: UUID) -> AnyResponse:
    """Let the file be stored; a worker begins within seconds."""
    require_admin()
    try:
        desk.confirm(import_id, current_user_or_401().id)
    except stored.NoSuchImport:
        db.session.rollback()
        flash(GONE, "info")
        return redirect(url_for("panel.new_certificate_import"), 303)
    except desk.ImportNotWaiting:
        db.session.rollback()
        return redirect(url_for("panel.show_certificate_import", import_id=import_id), 303)
    scheduled_jobs.make_due(ROUTINE)
    db.session.commit()
    return redirect(url_for("panel.show_certificate_import", import_id=import_id), 303)
