"""Articles that are asked for alike and say different figures."""

import pytest

from gatte.intelligence.knowledge import articles, conflicts
from gatte.intelligence.knowledge.article_draft import ArticleDraft
from gatte.store import article_conflicts, knowledge


def stored(session, slug, question, answer):
    draft = ArticleDraft(slug=slug, title=question, question=question, answer=answer)
    articles.import_articles(session, [draft])
    return knowledge.find_by_slug(session, slug).id


@pytest.mark.parametrize(
    ("answer", "differences"),
    [
        ("A emissão leva 5 dias úteis.", {"this": ["5 dia"], "other": ["2 dia"]}),
        ("Leva dois dias úteis, em geral.", None),
        ("Depende da validação.", None),
    ],
)
def test_only_other_figures_contradict(session, answer, differences):
    first = stored(session, "prazo-um", "Qual é o prazo da emissão expressa?", "São 2 dias úteis.")
    second = stored(session, "prazo-dois", "Qual o prazo da emissão expressa?", answer)
    conflicts.refresh(session, [first, second])

    found = article_conflicts.list_of_article(session, second)
    told = [one.differences for one in found if one.other_id == first]
    assert told == ([differences] if differences else [])


def test_the_demo_articles_do_not_contradict_each_other(session):
    ids = [
        article.id
        for article in knowledge.list_page(session, topic=None, active=True, after=None, limit=100)
    ]

    assert conflicts.refresh(session, ids) == 0
