"""The form of an article: what it shows, the draft that it holds, and what is wrong with one."""

from collections.abc import Sequence
from typing import Any

from flask import request
from pydantic import ValidationError

from gatte.conversation.nlu import Intent
from gatte.desk import article_changes, text_differences
from gatte.intelligence.knowledge.article_draft import (
    LONGEST_ANSWER,
    LONGEST_SHORT_ANSWER,
    MOST_EXAMPLES,
    ArticleDraft,
)
from gatte.models import Article, ArticleVersion
from gatte.web.panel import labels
from gatte.web.panel.form_values import form_text

BUBBLE_LENGTH = 350
"""Characters that are read at a glance on a phone."""
TOPICS = (
    Intent.FAQ,
    Intent.PRICE,
    Intent.DOCUMENTS,
    Intent.SCHEDULE,
    Intent.TECHNICAL_SUPPORT,
    Intent.INVOICE_OR_PAYMENT,
    Intent.BUY_CERTIFICATE,
    Intent.RENEW_CERTIFICATE,
    Intent.REVOKE_CERTIFICATE,
)
PROBLEMS = {
    "title": "Escreva o título, de 2 a 200 caracteres.",
    "question": "Escreva a pergunta principal, de 2 a 200 caracteres.",
    "answer": f"Escreva a resposta, de 2 a {LONGEST_ANSWER} caracteres.",
    "short": f"A resposta curta tem no máximo {LONGEST_SHORT_ANSWER} caracteres.",
    "source": "A fonte tem no máximo 300 caracteres.",
    "topic": "Escolha um assunto da lista.",
    "valid_from": "Confira as datas de validade: use o formato do calendário.",
    "valid_to": "Confira as datas de validade: use o formato do calendário.",
    "asks": f"Cada jeito de perguntar tem de 2 a 200 caracteres; cabem até {MOST_EXAMPLES}.",
    "": "O fim da validade vem antes do começo. Confira as datas.",
}
FIELD_NAMES = {
    "title": "Título",
    "question": "Pergunta",
    "answer": "Resposta",
    "short": "Resposta curta",
    "topic": "Assunto",
    "source": "Fonte",
    "valid_from": "Válido de",
    "valid_to": "Válido até",
    "asks": "Jeitos de perguntar",
}


def written(draft: ArticleDraft | None, owner_id: int | None) -> dict[str, str]:
    """What the form shows of a draft; empty fields for a new article."""
    if draft is None:
        return {"dono": str(owner_id or "")}
    return {
        "titulo": draft.title,
        "pergunta": draft.question,
        "resposta": draft.answer,
        "curta": draft.short_answer,
        "assunto": draft.topic.value,
        "fonte": draft.source,
        "de": draft.valid_from.isoformat() if draft.valid_from else "",
        "ate": draft.valid_to.isoformat() if draft.valid_to else "",
        "jeitos": "\n".join(draft.example_questions),
        "dono": str(owner_id or ""),
    }


def written_again() -> dict[str, str]:
    """What a refused form held."""
    return {name: form_text(name) for name in request.form if name != "csrf_token"}


def draft_of_form(article: Article | None) -> ArticleDraft:
    """The draft that a form holds, for this article or a new one; ValidationError when it cannot
    be stored.
    """
    title = form_text("titulo")
    lines = (line.strip() for line in form_text("jeitos").splitlines())
    fields: dict[str, Any] = {
        "slug": article.slug if article is not None else article_changes.new_slug(title),
        "title": title,
        "question": form_text("pergunta") or title,
        "answer": form_text("resposta"),
        "short": form_text("curta"),
        "topic": form_text("assunto") or Intent.FAQ.value,
        "source": form_text("fonte"),
        "valid_from": form_text("de") or None,
        "valid_to": form_text("ate") or None,
        "asks": tuple(dict.fromkeys(line for line in lines if line)),
    }
    return ArticleDraft.model_validate(fields)


def problems_of(error: ValidationError) -> tuple[str, ...]:
    """What is wrong with a draft, in Portuguese, each once."""
    fields = [str(one["loc"][0]) if one["loc"] else "" for one in error.errors()]
    return tuple(dict.fromkeys(PROBLEMS.get(field, PROBLEMS["title"]) for field in fields))


def bubbles(short: str, answer: str) -> list[tuple[str, int, bool]]:
    """How the bot would say it: each bubble, its length, and whether that is more than is read at
    a glance.
    """
    told = [short, answer] if short else [answer]
    return [(text, len(text), len(text) > BUBBLE_LENGTH) for text in told if text]


def with_changes(
    newest_first: Sequence[ArticleVersion],
) -> list[tuple[ArticleVersion, list[text_differences.FieldChange]]]:
    """Each version with the fields that differ from the one before it."""
    fields = tuple(FIELD_NAMES)
    rows = []
    for place, version in enumerate(newest_first):
        before = _in_words(newest_first[place + 1].content) if place + 1 < len(newest_first) else {}
        changes = text_differences.changed_fields(before, _in_words(version.content), fields)
        rows.append((version, changes))
    return rows


def _in_words(content: dict[str, object]) -> dict[str, object]:
    """The content of a version with its topic as people read it."""
    return {**content, "topic": labels.label(Intent(str(content["topic"])))}
