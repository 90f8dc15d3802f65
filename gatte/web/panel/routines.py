"""The jobs that the clock starts, as an admin sees them: last run, result, next run."""

from flask import Blueprint, Response, abort, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.extensions import db
from gatte.models import Role
from gatte.store import scheduled_jobs
from gatte.web.htmx import render
from gatte.web.panel import labels
from gatte.web.panel.auth import current_user_or_401


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/rotinas", view_func=list_routines)
    bp.add_url_rule("/panel/rotinas/<name>", view_func=start_routine, methods=["POST"])


def list_routines() -> Response:
    _require_admin()
    return render(
        "panel/routines.html", jobs=scheduled_jobs.list_all(), names=labels.SCHEDULED_JOBS
    )


def start_routine(name: str) -> AnyResponse:
    """Let a job be due now; a worker runs it within seconds."""
    _require_admin()
    if not scheduled_jobs.make_due(name):
        abort(404)
    db.session.commit()
    flash("A rotina começa em alguns segundos. Atualize a página para ver o resultado.", "success")
    return redirect(url_for("panel.list_routines"), 303)


def _require_admin() -> None:
    if current_user_or_401().role is not Role.ADMIN:
        abort(403)
