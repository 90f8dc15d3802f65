"""What the bot learns from the team: the model that answers and the one that waits, how well they
read, what was tried before, and the corrections themselves.
"""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import command_words
from gatte.extensions import db
from gatte.models import ExampleState, ModelVersion, TrainingExample, VersionState, keyring
from gatte.operations import model_lifecycle
from gatte.operations.model_lifecycle import NothingToRollBack, NotPromotable
from gatte.store import model_versions, shadow_runs, training_examples, users
from gatte.web.htmx import render
from gatte.web.panel.admin_access import is_admin, require_admin
from gatte.web.panel.auth import current_user_or_401
from gatte.web.panel.form_values import as_uuid, parse_integer

PLACE = "/panel/aprendizado"
PAGE_SIZE = 30
HISTORY_LENGTH = 20
STATES: dict[VersionState, str] = {
    VersionState.CHALLENGER: "aguarda decisão",
    VersionState.REFUSED: "recusado",
    VersionState.CHAMPION: "em uso",
    VersionState.RETIRED: "fora de uso",
}
REFUSALS: dict[str, str] = {
    "too_few_examples": "Ainda há poucas correções",
    "too_few_contacts": "As correções vêm de poucos clientes",
    "one_contact": "Muitas correções vêm de um só cliente: retire algumas",
    "agent_contradicts": "Uma pessoa diz quase sempre o contrário das outras: reveja as dela",
    "implausible_labels": "Quase nada do que foi marcado parece ter a ver com o que o cliente "
    "escreveu: reveja as últimas correções",
    "implausible_agent": "Quase nada do que uma pessoa marcou parece ter a ver com o que o cliente "
    "escreveu: reveja as dela",
    "worse_overall": "Entende pior as conversas de referência do que o modelo em uso",
    "worse_on_corrections": "Entende pior as correções reservadas para a prova",
    "class_dropped": "Perdeu mais de 2 pontos em um assunto",
}


@dataclass(frozen=True)
class VersionRow:
    """A version as the page shows it."""

    version: ModelVersion
    state: str
    is_shipped: bool
    refusals: list[str]
    figures: list[tuple[str, dict[str, Any]]]
    changed: list[tuple[str, dict[str, Any]]]


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(PLACE, view_func=show_learning)
    bp.add_url_rule(f"{PLACE}/exemplos", view_func=list_examples)
    bp.add_url_rule(
        f"{PLACE}/versoes/<int:version_id>/usar", view_func=promote_model, methods=["POST"]
    )
    bp.add_url_rule(f"{PLACE}/voltar", view_func=roll_back_model, methods=["POST"])


def show_learning() -> Response:
    versions = [_row(one) for one in model_versions.list_latest(HISTORY_LENGTH)]
    champion = next((one for one in versions if _is(one, VersionState.CHAMPION)), None)
    return render(
        "panel/learning.html",
        champion=champion,
        is_outdated=champion is not None and not model_lifecycle.is_usable(champion.version),
        challenger=next((one for one in versions if _is(one, VersionState.CHALLENGER)), None),
        history=[one for one in versions if not _is(one, VersionState.CHALLENGER)],
        may_roll_back=champion is not None and champion.version.previous_id is not None,
        example_count=training_examples.count_active(),
        runs=shadow_runs.list_latest(HISTORY_LENGTH),
        is_admin=is_admin(),
    )


def _is(row: VersionRow, state: VersionState) -> bool:
    return row.version.state is state


def _row(version: ModelVersion) -> VersionRow:
    figures = version.figures
    labels = figures.get("labels", {})
    changed = [
        (command_words.words_of(label), one)
        for label, one in labels.items()
        if one["challenger"] != one["champion"]
    ]
    told = {"shipped": "conversas de referência", "corrections": "correções da equipe"}
    return VersionRow(
        version=version,
        state=STATES[version.state],
        is_shipped=version.example_count == 0 and not version.refusals,
        refusals=[_in_words(one) for one in version.refusals],
        figures=[(words, figures[name]) for name, words in told.items() if name in figures],
        changed=sorted(changed, key=_gain),
    )


def _gain(row: tuple[str, dict[str, Any]]) -> float:
    figures = row[1]
    gain: float = figures["challenger"] - figures["champion"]
    return gain


def _in_words(refusal: str) -> str:
    reason, _, detail = refusal.partition(": ")
    if reason == "class_dropped":
        label, _, figures = detail.partition(" ")
        detail = f"{command_words.words_of(label)}, {figures}"
    return f"{REFUSALS.get(reason, reason)} ({detail.replace(' of ', ' de ')})"


def promote_model(version_id: int) -> AnyResponse:
    """Let a challenger answer."""
    require_admin()
    try:
        model_lifecycle.promote(version_id, current_user_or_401().id)
    except NotPromotable:
        db.session.rollback()
        flash("Esta versão não pode mais ser usada. Veja abaixo como ela está.", "danger")
        return redirect(url_for("panel.show_learning"), 303)
    db.session.commit()
    flash("O robô passa a entender com este modelo em alguns segundos.", "success")
    return redirect(url_for("panel.show_learning"), 303)


def roll_back_model() -> AnyResponse:
    """Let the version answer that did before."""
    require_admin()
    try:
        model_lifecycle.roll_back(current_user_or_401().id)
    except (NothingToRollBack, NotPromotable):
        db.session.rollback()
        flash("Não há versão anterior à qual voltar.", "danger")
        return redirect(url_for("panel.show_learning"), 303)
    db.session.commit()
    flash("O robô volta ao modelo anterior em alguns segundos.", "success")
    return redirect(url_for("panel.show_learning"), 303)


def list_examples() -> Response:
    """The corrections, filtered by state, person and what was meant."""
    state = _chosen_state()
    user_id = parse_integer(request.args.get("pessoa", ""))
    label = request.args.get("leitura", "")
    label = label if label in command_words.WORDS else ""
    before = as_uuid(request.args.get("antes", ""))
    found = training_examples.list_page(state, user_id, label, before, PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    keyring().preload({one.data_key_id for one in shown if one.data_key_id is not None})
    filters: dict[str, Any] = {
        "situacao": request.args.get("situacao", ""),
        "pessoa": user_id,
        "leitura": label,
    }
    more = url_for("panel.list_examples", **filters, antes=shown[-1].id) if shown else ""
    return render(
        "panel/examples.html",
        examples=[(one, _said(one)) for one in shown],
        more=more if len(found) > PAGE_SIZE else "",
        first=url_for("panel.list_examples", **filters) if before else "",
        people=[(one.id, one.name) for one in users.list_active_by_name()],
        labels=list(command_words.WORDS.items()),
        filters=filters,
        words_of=command_words.words_of,
        user_id=current_user_or_401().id,
        is_admin=is_admin(),
    )


def _chosen_state() -> ExampleState | None:
    match request.args.get("situacao", ""):
        case "retiradas":
            return ExampleState.WITHDRAWN
        case "todas":
            return None
        case _:
            return ExampleState.ACTIVE


def _said(example: TrainingExample) -> str:
    stored = example.turn_input
    return "\n".join(stored["messages"]) if stored else "(dados apagados)"
