"""Articles out of a document: what would become which article is shown first, and what somebody
ticks becomes drafts.
"""

import json

from flask import Blueprint, Response, flash, redirect, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from gatte.extensions import db
from gatte.intelligence.knowledge import articles, document_import
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from gatte.intelligence.knowledge.document_import import MOST_BYTES, DocumentArticles, LeftOut
from gatte.intelligence.knowledge.document_sections import MOST_PAGES, UnreadableDocument
from gatte.store import audit, knowledge
from gatte.web.htmx import render
from gatte.web.panel import article_forms
from gatte.web.panel.auth import current_user_or_401

PLACE = "/panel/base/importar"
WHY = {
    LeftOut.NO_TITLE: "sem título: ponha um título acima deste texto",
    LeftOut.NO_TEXT: "sem texto abaixo do título",
    LeftOut.TOO_MANY: f"passa de {document_import.MOST_ARTICLES} artigos: divida o arquivo",
    LeftOut.BAD_FIELD: "um campo não serve",
}
NOTHING_CHOSEN = "Marque ao menos um artigo para importar."
NO_FILE = "Escolha um arquivo."
UNREADABLE = (
    "Não conseguimos ler este arquivo. Confira se ele abre no seu computador, se não tem senha, se "
    f"tem até {MOST_BYTES // 1024 // 1024} MB e, no PDF, até {MOST_PAGES} páginas com texto "
    "(não só imagens). No CSV, a primeira linha deve ter as colunas pergunta e resposta."
)


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(PLACE, view_func=show_import)
    bp.add_url_rule(PLACE, view_func=read_file, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/gravar", view_func=store_drafts, methods=["POST"])


def show_import() -> Response:
    return _page()


def read_file() -> Response:
    """Show what a file would become; nothing is stored."""
    file = request.files.get("arquivo")
    if file is None or not file.filename:
        return _page(422, NO_FILE)
    try:
        found = document_import.read_document(file.filename, file.read(MOST_BYTES + 1))
    except UnreadableDocument as error:
        return _page(422, f"{UNREADABLE} (Detalhe técnico: {error}.)")
    return _page(found=found, name=file.filename)


def store_drafts() -> AnyResponse:
    """Keep the articles that were ticked as drafts."""
    try:
        drafts = [ArticleDraft.model_validate_json(one) for one in request.form.getlist("artigo")]
    except ValidationError:
        return _page(422, "A página ficou velha. Escolha o arquivo de novo.")
    if not drafts:
        return _page(422, NOTHING_CHOSEN)
    user = current_user_or_401()
    done = articles.import_drafts(db.session(), drafts[: document_import.MOST_ARTICLES], user.id)
    counts = {"created": done.created, "changed": done.changed}
    audit.record(user.id, "article.import", f"user:{user.id}", counts)
    db.session.commit()
    flash(
        f"{done.created} artigos novos e {done.changed} com rascunho novo; "
        f"{done.unchanged} já estavam iguais. Confira e publique.",
        "success",
    )
    return redirect(url_for("panel.list_articles", lista="pendentes"), 303)


def _page(
    status: int = 200, problem: str = "", found: DocumentArticles | None = None, name: str = ""
) -> Response:
    known = (
        knowledge.articles_by_slug(db.session(), [draft.slug for draft in found.drafts])
        if found is not None
        else {}
    )
    return render(
        "panel/knowledge_import.html",
        status=status,
        problem=problem,
        found=found,
        name=name,
        rows=[
            (draft, _as_json(draft), draft.slug in known)
            for draft in (found.drafts if found is not None else ())
        ],
        why=WHY,
        field_names=article_forms.FIELD_NAMES,
        bubble_length=article_forms.BUBBLE_LENGTH,
        most_megabytes=MOST_BYTES // 1024 // 1024,
        most_pages=MOST_PAGES,
    )


def _as_json(draft: ArticleDraft) -> str:
    return json.dumps(draft.model_dump(mode="json", by_alias=True), ensure_ascii=False)
