"""The knowledge base: its articles, one to write, publish or archive, and its history.

All people of the panel read articles and write drafts; admins publish and archive.
"""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import article_changes, question_groups, users
from gatte.desk.article_changes import StaleArticle
from gatte.extensions import db
from gatte.intelligence.knowledge import article_versions
from gatte.intelligence.knowledge.article_draft import LONGEST_ANSWER, ArticleDraft
from gatte.intelligence.knowledge.article_versions import NothingToPublish
from gatte.models import Article, ArticleState, QuestionGroupState
from gatte.store import article_conflicts, article_lists, messages, turns, unanswered
from gatte.store import knowledge as stored
from gatte.web.htmx import render
from gatte.web.panel import article_forms, vector_status
from gatte.web.panel.admin_access import is_admin, require_admin
from gatte.web.panel.auth import current_user_or_401, note_reading
from gatte.web.panel.form_values import as_uuid, chosen_version, form_text, form_user, parse_integer
from gatte.web.panel.paging import PAGE, cursor, read_cursor

PLACE = "/panel/base"
STALE = (
    "Outra pessoa salvou este artigo enquanto você olhava. O que você escreveu continua no "
    "formulário e ainda não foi salvo: confira e salve de novo."
)
STATE_NAMES: dict[ArticleState | None, str] = {
    ArticleState.PUBLISHED: "Publicados",
    ArticleState.DRAFT: "Rascunhos",
    ArticleState.ARCHIVED: "Arquivados",
    None: "Para publicar",
}
WAITING = "pendentes"
"""The list of articles with a draft that waits to be published."""


def add_routes(bp: Blueprint) -> None:
    article = f"{PLACE}/<uuid:article_id>"
    bp.add_url_rule(PLACE, view_func=list_articles)
    bp.add_url_rule(f"{PLACE}/novo", view_func=new_article)
    bp.add_url_rule(f"{PLACE}/novo", view_func=add_article, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/previa", view_func=preview_article, methods=["POST"])
    bp.add_url_rule(article, view_func=show_article)
    bp.add_url_rule(article, view_func=save_article, methods=["POST"])
    bp.add_url_rule(f"{article}/publicar", view_func=publish_article, methods=["POST"])
    bp.add_url_rule(f"{article}/arquivar", view_func=archive_article, methods=["POST"])
    bp.add_url_rule(f"{article}/historico", view_func=show_history)


def list_articles() -> Response:
    words = request.args.get("q", "").strip()[:100]
    chosen = _chosen_list()
    after = read_cursor(request.args.get("depois"), 1)
    rows = article_lists.list_page(
        db.session(), chosen, words, after[0] if after else None, PAGE + 1
    )
    more = cursor(rows[PAGE - 1][0].slug) if len(rows) > PAGE else None
    return render(
        "panel/articles.html",
        rows=rows[:PAGE],
        tabs=_tabs(chosen),
        words=words,
        list_name=_list_name(chosen),
        conflicts=article_conflicts.list_all(db.session(), PAGE),
        search_words=vector_status.search_words(),
        open_groups=unanswered.count_groups().get(QuestionGroupState.OPEN, 0),
        first_url=url_for("panel.list_articles", lista=_list_name(chosen), q=words or None)
        if after
        else None,
        more_url=url_for(
            "panel.list_articles", lista=_list_name(chosen), q=words or None, depois=more
        )
        if more
        else None,
    )


def _chosen_list() -> ArticleState | None:
    """The list that an address names; None for the drafts that wait."""
    name = request.args.get("lista", ArticleState.PUBLISHED.value)
    if name == WAITING:
        return None
    try:
        return ArticleState(name)
    except ValueError:
        return ArticleState.PUBLISHED


def _list_name(state: ArticleState | None) -> str:
    return WAITING if state is None else state.value


def _tabs(chosen: ArticleState | None) -> list[tuple[str, str, str, int, bool]]:
    counts = article_lists.count_by_state(db.session())
    return [
        (
            _list_name(state),
            name,
            url_for("panel.list_articles", lista=_list_name(state)),
            counts[state],
            state is chosen,
        )
        for state, name in STATE_NAMES.items()
    ]


def new_article() -> Response:
    values = article_forms.written(None, current_user_or_401().id)
    group_id = as_uuid(request.args.get("grupo", ""))
    wordings = question_groups.wordings_of(group_id) if group_id is not None else []
    if wordings:
        values |= {"titulo": wordings[0], "pergunta": wordings[0]}
        values["jeitos"] = "\n".join(wordings)
    message_id = as_uuid(request.args.get("mensagem", ""))
    if message_id is not None:
        values["pergunta"] = _question_before(message_id)
    return _form(None, values)


def _question_before(message_id: UUID) -> str:
    """What the customer had said when the bot sent this message, without personal values; the look
    at it is noted.
    """
    message = messages.find_message(message_id)
    turn = turns.find_turn(message.turn_id) if message and message.turn_id else None
    if turn is None:
        abort(404)
    wording = question_groups.wording_of_turn(turn)
    note_reading(f"conversation:{turn.conversation_id}")
    return wording


def show_article(article_id: UUID) -> Response:
    article = _find(article_id)
    draft = _chosen_draft(article) or article_versions.newest_draft(db.session(), article)
    return _form(article, article_forms.written(draft, article.owner_id))


def _chosen_draft(article: Article) -> ArticleDraft | None:
    """The version that somebody wants to take up again; None when the address names none."""
    number = parse_integer(request.args.get("versao", ""))
    versions = stored.list_versions(db.session(), article.id) if number is not None else []
    chosen = next((one for one in versions if one.number == number), None)
    return article_versions.draft_of(article, chosen) if chosen else None


def _find(article_id: UUID) -> Article:
    article = stored.find_article(db.session(), article_id)
    if article is None:
        abort(404)
    return article


def _form(
    article: Article | None,
    values: dict[str, str],
    status: int = 200,
    problems: tuple[str, ...] = (),
) -> Response:
    """The page of an article, stored or new; with what was written when it was refused."""
    session = db.session()
    return render(
        "panel/article.html",
        status=status,
        article=article,
        values=values,
        problems=problems,
        newest=article_changes.newest_number(article) if article else 0,
        waiting=article_versions.find_waiting(session, article) if article else None,
        conflicts=article_conflicts.list_of_article(session, article.id) if article else [],
        bubbles=article_forms.bubbles(values.get("curta", ""), values.get("resposta", "")),
        bubble_length=article_forms.BUBBLE_LENGTH,
        longest_answer=LONGEST_ANSWER,
        topics=[(topic.value, topic) for topic in article_forms.TOPICS],
        people=users.list_assignable(article.owner if article else None),
        group=request.values.get("grupo", ""),
        may_publish=is_admin(),
    )


def preview_article() -> Response:
    """How the bot would say what the form holds."""
    told = article_forms.bubbles(form_text("curta"), form_text("resposta"))
    return render(
        "panel/article_preview.html", bubbles=told, bubble_length=article_forms.BUBBLE_LENGTH
    )


def add_article() -> AnyResponse:
    owner = form_user("dono")
    try:
        draft = article_forms.draft_of_form(None)
    except ValidationError as error:
        return _form(None, article_forms.written_again(), 422, article_forms.problems_of(error))
    user = current_user_or_401()
    article = article_changes.add(draft, owner.id if owner else None, user.id)
    group_id = as_uuid(form_text("grupo"))
    if group_id is not None and unanswered.find_group(group_id) is not None:
        question_groups.answer_with(group_id, article.id, user.id)
    return _saved(article)


def save_article(article_id: UUID) -> AnyResponse:
    """Keep what was written as a draft; publish it at once where an admin wants that."""
    article = _find(article_id)
    owner = form_user("dono", article.owner)
    try:
        draft = article_forms.draft_of_form(article)
        article = article_changes.change(
            article_id,
            draft,
            owner.id if owner else None,
            current_user_or_401().id,
            chosen_version(),
        )
    except ValidationError as error:
        problems = article_forms.problems_of(error)
        return _form(article, article_forms.written_again(), 422, problems)
    except StaleArticle:
        db.session.rollback()
        return _form(_find(article_id), article_forms.written_again(), 409, (STALE,))
    return _saved(article)


def _saved(article: Article) -> AnyResponse:
    """Publish what was just saved where that was asked, commit, and show the article."""
    if request.form.get("publicar"):
        require_admin()
        number = article_changes.newest_number(article)
        _publish_if_new(article.id, number)
        words = "Artigo publicado. Em alguns segundos o robô responde com ele."
    else:
        words = "Rascunho salvo. O robô só responde com ele depois de publicado."
    db.session.commit()
    flash(words, "success")
    return redirect(url_for("panel.show_article", article_id=article.id), 303)


def _publish_if_new(article_id: UUID, number: int) -> None:
    try:
        article_changes.publish(article_id, current_user_or_401().id, number)
    except NothingToPublish:
        return


def publish_article(article_id: UUID) -> AnyResponse:
    require_admin()
    _find(article_id)
    try:
        article_changes.publish(article_id, current_user_or_401().id, chosen_version())
    except StaleArticle:
        return _refused(article_id, "Outra pessoa salvou este artigo. Confira antes de publicar.")
    except NothingToPublish:
        return _refused(article_id, "Não há rascunho novo: o que está escrito já está publicado.")
    db.session.commit()
    flash("Artigo publicado. Em alguns segundos o robô responde com ele.", "success")
    return redirect(url_for("panel.show_article", article_id=article_id), 303)


def archive_article(article_id: UUID) -> AnyResponse:
    require_admin()
    _find(article_id)
    try:
        article_changes.archive(article_id, current_user_or_401().id, chosen_version())
    except StaleArticle:
        return _refused(article_id, "Outra pessoa salvou este artigo. Confira antes de arquivar.")
    db.session.commit()
    flash("Artigo arquivado. O robô não responde mais com ele; nada foi perdido.", "success")
    return redirect(url_for("panel.show_article", article_id=article_id), 303)


def _refused(article_id: UUID, words: str) -> AnyResponse:
    db.session.rollback()
    flash(words, "danger")
    return redirect(url_for("panel.show_article", article_id=article_id), 303)


def show_history(article_id: UUID) -> Response:
    """The versions of an article, each with what it changed."""
    article = _find(article_id)
    versions = stored.list_versions(db.session(), article_id)
    return render(
        "panel/article_history.html",
        article=article,
        rows=article_forms.with_changes(versions),
        field_names=article_forms.FIELD_NAMES,
    )
