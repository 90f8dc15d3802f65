"""Which sentences a passage holds: pairs of a true and a false sentence about the demo articles,
and the articles' own words.
"""

import csv
from pathlib import Path

import pytest

from gatte.intelligence.clauses import sentences_of
from gatte.intelligence.grounding_check import SourcePassage, Violation, violations
from gatte.intelligence.knowledge import articles

DATA = Path(__file__).parent / "data"
TUNED, UNSEEN = "grounding_pairs.tsv", "grounding_pairs_unseen.tsv"
"""Rules were made with the first in sight; the second was written afterwards, and only measured."""
OTHER = "grounding_pairs_other_author.tsv"
"""By somebody who knew the articles alone; those of every other article were looked at later."""


@pytest.fixture(scope="module")
def passages() -> dict[str, SourcePassage]:
    found = articles.read_articles()
    return {one.slug: SourcePassage(one.answer, f"{one.title}\n{one.question}") for one in found}


def pairs(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def share(name: str, column: str, passages: dict[str, SourcePassage], *, kept: bool) -> float:
    rows = pairs(name)
    found = [not violations(row[column], passages[row["slug"]]) for row in rows]
    return found.count(kept) / len(rows)


@pytest.mark.parametrize(("name", "floor"), [(TUNED, 0.97), (UNSEEN, 0.96), (OTHER, 0.79)])
def test_true_sentences_stay(passages, name, floor):
    assert share(name, "holds", passages, kept=True) >= floor


@pytest.mark.parametrize(("name", "floor"), [(TUNED, 0.95), (UNSEEN, 0.9), (OTHER, 0.89)])
def test_false_sentences_are_refused(passages, name, floor):
    assert share(name, "does_not_hold", passages, kept=False) >= floor


def test_every_article_has_pairs(passages):
    assert {row["slug"] for row in pairs(TUNED)} == {row["slug"] for row in pairs(UNSEEN)}
    assert {row["slug"] for row in pairs(TUNED)} == set(passages)


def test_the_words_of_a_passage_hold_against_it(passages):
    assert not [
        (slug, sentence)
        for slug, passage in passages.items()
        for sentence in sentences_of(passage.text)
        if violations(sentence, passage)
    ]


def test_the_words_of_a_passage_hold_in_other_letters_too(passages):
    """The way that is taken by sentences that are not verbatim."""
    assert not [
        (slug, sentence)
        for slug, passage in passages.items()
        for sentence in sentences_of(passage.text)
        if violations(f"{sentence[:1].swapcase()}{sentence[1:]}", passage)
    ]


@pytest.mark.parametrize(
    ("sentence", "violation"),
    [
        ("O A3 vale 1 ano.", Violation.OTHER_THING),
        ("O A1 vale 2 anos.", Violation.NEW_NUMBER),
        ("O A1 não vale 1 ano.", Violation.CONTRADICTION),
        ("Você deve renovar antes.", Violation.OTHER_MODALITY),
        ("O A1 vale 1 ano, garantido.", Violation.NEW_PROMISE),
        ("O A1 vale 1 ano, veja em outro.com.br", Violation.NEW_LINK),
        ("O A1 vale 1 ano e tem suporte da ANATEL.", Violation.NEW_NAME),
        ("O A1 vale 1 ano e chega pelo correio.", Violation.NEW_WORDS),
        ("", Violation.EMPTY),
        ("O A1 vale 1 ano. " * 40, Violation.TOO_LONG),
    ],
)
def test_what_a_passage_does_not_hold_is_told_apart(sentence, violation):
    passage = SourcePassage(
        "O A1 vale 1 ano. O A3 vale 3 anos. Você pode renovar antes.", "Validade"
    )

    assert violation in violations(sentence, passage)


STEPS = SourcePassage(
    "Sem CNH há dois caminhos. Primeiro instale o driver do token; depois reinicie o computador e "
    "abra o programa. O A1 vale 1 ano. Não ter CNH é comum: a validação pode ser presencial."
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Há 2 caminhos para quem está sem CNH.",
        "O A1 vale por 12 meses.",
        "Sim, o A1 vale um ano.",
        "Instale o driver e, depois, abra o programa.",
        "Antes de abrir o programa, instale o driver.",
        "Não ter CNH não impede: a validação pode ser presencial.",
    ],
)
def test_the_same_in_other_words_holds(sentence):
    assert violations(sentence, STEPS) == ()


@pytest.mark.parametrize(
    ("sentence", "violation"),
    [
        ("Há quatro caminhos para quem está sem CNH.", Violation.NEW_NUMBER),
        ("Abra o programa e só depois instale o driver do token.", Violation.OTHER_ORDER),
        ("Antes de instalar o driver do token, abra o programa.", Violation.OTHER_ORDER),
    ],
)
def test_another_number_of_things_and_another_order_are_refused(sentence, violation):
    assert violation in violations(sentence, STEPS)
