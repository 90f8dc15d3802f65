"""The jobs that the clock starts, as an admin sees them: last run, result, next run."""

from collections.abc import Mapping
from decimal import Decimal

from flask import Blueprint, Response, abort, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.extensions import db
from gatte.store import scheduled_jobs
from gatte.web.htmx import render
from gatte.web.panel import labels
from gatte.web.panel.admin_access import require_admin
from gatte.web.panel.formatting import reais

RESULT_WORDS = {
    "applied": "escolhas obedecidas",
    "appointments": "lembretes de horários",
    "certificates": "lembretes de certificados",
    "changed": "certificados marcados",
    "day": "gasto hoje",
    "days": "dias contados",
    "deleted": "apagados",
    "dump": "cópia",
    "erased": "contatos apagados",
    "failed": "com falha",
    "forgotten": "arquivos esquecidos",
    "grouped": "perguntas juntadas",
    "held": "em guarda legal",
    "leads": "leads abertos",
    "learned": "contatos lembrados",
    "left": "ainda por apagar",
    "lines": "linhas gravadas",
    "listed": "modelos lidos",
    "messages": "mensagens",
    "month": "gasto no mês",
    "outside_hours": "fora do horário de envio",
    "problem": "problema",
    "problems": "problemas",
    "removed": "linhas apagadas",
    "replayed": "exclusões refeitas",
    "skipped": "não foi feita",
}
"""What the results of jobs are called here; a name without words stays as it is."""
MONEY = frozenset({"day", "month"})


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/rotinas", view_func=list_routines)
    bp.add_url_rule("/panel/rotinas/<name>", view_func=start_routine, methods=["POST"])


def list_routines() -> Response:
    require_admin()
    jobs = scheduled_jobs.list_all()
    return render(
        "panel/routines.html",
        jobs=jobs,
        names=labels.SCHEDULED_JOBS,
        results={job.name: result_in_words(job.result or {}) for job in jobs},
    )


def result_in_words(result: Mapping[str, object]) -> str:
    """What a job counted, in one line; numbers by table are added up."""
    pieces = []
    for name, value in result.items():
        words = RESULT_WORDS.get(name, name)
        amount = reais(Decimal(str(value))) if name in MONEY else _amount(value)
        pieces.append(f"{words}: {amount}")
    return "; ".join(pieces)


def _amount(value: object) -> object:
    """A value of a result as people read it."""
    if isinstance(value, bool):
        return "sim" if value else "não"
    if isinstance(value, dict):
        return sum(one for one in value.values() if isinstance(one, int))
    if isinstance(value, list):
        return "; ".join(str(one) for one in value)
    return value


def start_routine(name: str) -> AnyResponse:
    """Let a job be due now; a worker runs it within seconds."""
    require_admin()
    if not scheduled_jobs.make_due(name):
        abort(404)
    db.session.commit()
    flash("A rotina começa em alguns segundos. Atualize a página para ver o resultado.", "success")
    return redirect(url_for("panel.list_routines"), 303)
