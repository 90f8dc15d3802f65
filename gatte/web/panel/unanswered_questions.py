"""Questions that the bot did not answer, in groups: made into an article, added to one, or
dismissed.
"""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import question_groups
from gatte.extensions import db
from gatte.models import QuestionGroupState, UnansweredQuestion
from gatte.store import article_lists, unanswered
from gatte.store.unanswered import NoSuchQuestionGroup
from gatte.web.htmx import render
from gatte.web.panel.auth import current_user_or_401
from gatte.web.panel.form_values import as_uuid

PLACE = "/panel/perguntas"
SHOWN_GROUPS = 50
SHOWN_WORDINGS = 5
MOST_CHOICES = 500
STATE_NAMES = {
    QuestionGroupState.OPEN: "Em aberto",
    QuestionGroupState.ANSWERED: "Com artigo",
    QuestionGroupState.DISMISSED: "Dispensadas",
}


def add_routes(bp: Blueprint) -> None:
    group = f"{PLACE}/<uuid:group_id>"
    bp.add_url_rule(PLACE, view_func=list_question_groups)
    bp.add_url_rule(f"{group}/artigo", view_func=attach_questions, methods=["POST"])
    bp.add_url_rule(f"{group}/dispensar", view_func=dismiss_questions, methods=["POST"])
    bp.add_url_rule(f"{group}/reabrir", view_func=reopen_questions, methods=["POST"])


def list_question_groups() -> Response:
    state = _chosen_state()
    groups = unanswered.list_groups(state, SHOWN_GROUPS)
    rows = [
        (one, question_groups.wordings(_latest_first(one))[:SHOWN_WORDINGS], _latest_first(one)[0])
        for one in groups
    ]
    is_open = state is QuestionGroupState.OPEN
    return render(
        "panel/question_groups.html",
        rows=rows,
        state=state,
        tabs=_tabs(state),
        articles=article_lists.list_choices(db.session(), MOST_CHOICES) if is_open else [],
    )


def _latest_first(counted: unanswered.CountedGroup) -> list[UnansweredQuestion]:
    questions = counted.group.questions
    return sorted(questions, key=lambda one: (one.created_at, one.id), reverse=True)


def _chosen_state() -> QuestionGroupState:
    try:
        return QuestionGroupState(request.args.get("lista", QuestionGroupState.OPEN.value))
    except ValueError:
        return QuestionGroupState.OPEN


def _tabs(chosen: QuestionGroupState) -> list[tuple[str, str, str, int, bool]]:
    counts = unanswered.count_groups()
    return [
        (
            state.value,
            name,
            url_for("panel.list_question_groups", lista=state.value),
            counts.get(state, 0),
            state is chosen,
        )
        for state, name in STATE_NAMES.items()
    ]


def attach_questions(group_id: UUID) -> AnyResponse:
    """Add the wordings to an article as its draft, and show it to be published."""
    article_id = as_uuid(request.form.get("artigo", ""))
    if article_id is None:
        flash("Escolha o artigo que responde a estas perguntas.", "danger")
        return _back()
    try:
        question_groups.attach(group_id, article_id, current_user_or_401().id)
    except NoSuchQuestionGroup:
        abort(404)
    db.session.commit()
    flash("As perguntas entraram no rascunho do artigo. Confira e publique.", "success")
    return redirect(url_for("panel.show_article", article_id=article_id), 303)


def dismiss_questions(group_id: UUID) -> AnyResponse:
    try:
        question_groups.dismiss(group_id, current_user_or_401().id)
    except NoSuchQuestionGroup:
        abort(404)
    db.session.commit()
    flash("Perguntas dispensadas. Elas ficam na lista Dispensadas.", "success")
    return _back()


def reopen_questions(group_id: UUID) -> AnyResponse:
    try:
        question_groups.reopen(group_id, current_user_or_401().id)
    except NoSuchQuestionGroup:
        abort(404)
    db.session.commit()
    flash("As perguntas voltaram para a lista Em aberto.", "success")
    return _back()


def _back() -> AnyResponse:
    return redirect(url_for("panel.list_question_groups"), 303)
