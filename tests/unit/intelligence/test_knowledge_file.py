"""The demo articles as a file, and what makes a file unusable."""

import csv
import re
from pathlib import Path

import pytest

from gatte.conversation.parsing.normalize import normalize_for_search
from gatte.intelligence import factual_claims
from gatte.intelligence.knowledge import articles
from gatte.intelligence.knowledge.articles import BadArticles, read_articles

DATA = Path(__file__).parent / "data"
ARTICLE = """[[article]]
slug = "um-artigo"
title = "Título"
question = "Pergunta?"
answer = "Resposta."
"""


@pytest.fixture(scope="module")
def drafts():
    return read_articles()


def write(tmp_path, text):
    path = tmp_path / "articles.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_there_are_enough_articles_and_ways_of_asking(drafts):
    assert len(drafts) >= 28
    assert min(len(draft.example_questions) for draft in drafts) >= 12


def test_every_answer_fits_one_message_and_names_its_source(drafts):
    assert max(len(draft.answer) for draft in drafts) <= 550
    assert not [draft.slug for draft in drafts if not draft.source]


def test_no_article_holds_a_price_or_a_link(drafts):
    assert not [draft.slug for draft in drafts if re.search(r"R\$|\breais\b", draft.answer)]
    assert not [draft.slug for draft in drafts if factual_claims._links(draft.answer) - {"gov.br"}]


def test_rules_that_move_say_since_when_and_where_to_confirm(drafts):
    moving = {draft.slug: draft for draft in drafts if draft.valid_from}

    assert set(moving) == {
        "validade-do-certificado",
        "a1-vai-acabar-selo-eletronico",
        "cnpj-com-letras",
    }
    assert all(
        "onfirme com a Autoridade Certificadora" in moving[slug].answer for slug in list(moving)[:2]
    )


def test_no_way_of_asking_leads_to_two_articles(drafts):
    owners = [
        (normalize_for_search(ask), draft.slug)
        for draft in drafts
        for ask in draft.example_questions
    ]

    assert len({ask for ask, _ in owners}) == len(owners)


def test_held_out_questions_are_not_among_the_stored_ones(drafts):
    stored = {
        normalize_for_search(text)
        for draft in drafts
        for text in (draft.title, draft.question, *draft.example_questions)
    }
    for name in ("questions_heldout.csv", "questions_final.csv"):
        with (DATA / name).open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert {row["slug"] for row in rows} == {draft.slug for draft in drafts}
        assert not [
            row["question"] for row in rows if normalize_for_search(row["question"]) in stored
        ]


def test_off_topic_texts_for_measuring_are_not_among_those_in_use():
    known = {normalize_for_search(text) for text in articles.off_topic_texts()}
    for name in ("offtopic_heldout.csv", "offtopic_final.csv"):
        with (DATA / name).open(encoding="utf-8") as file:
            assert not [
                row["text"]
                for row in csv.DictReader(file)
                if normalize_for_search(row["text"]) in known
            ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[article", "not a TOML file"),
        ("", "holds no"),
        (ARTICLE + ARTICLE, "more than once"),
        (ARTICLE.replace("um-artigo", "Um Artigo"), "slug"),
        (ARTICLE.replace("Resposta.", "x" * 601), "answer"),
        (ARTICLE + 'price = "R$ 10"\n', "price"),
        (ARTICLE + 'topic = "weather"\n', "topic"),
        ('[[article]]\ntitle = "Sem o resto"\n', "number 1"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, text, problem):
    with pytest.raises(BadArticles, match=problem):
        read_articles(write(tmp_path, text))


def test_all_problems_of_a_file_are_named_at_once(tmp_path):
    two_bad = ARTICLE.replace("um-artigo", "A B") + ARTICLE.replace("Resposta.", "")

    with pytest.raises(BadArticles) as failure:
        read_articles(write(tmp_path, two_bad))
    assert len(failure.value.problems) == 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Oq vc precisa p/ NF-e?", "o que voce precisa para nota fiscal eletronica"),
        ("QNTO custa?? 😀", "quanto custa"),
        ("ñ sei a senha do e-CNPJ", "nao sei a senha do e cnpj"),
        ("", ""),
    ],
)
def test_short_forms_accents_and_marks_do_not_matter_to_word_search(typed, words):
    assert normalize_for_search(typed) == words
