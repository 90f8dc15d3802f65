import csv
from collections import Counter
from pathlib import Path

import pytest

from gatte.conversation.nlu import Intent
from gatte.conversation.parsing.normalize import CLASSIFIER_CHARACTERS, normalize_for_classifier
from gatte.intelligence.understanding.examples import INTENTS, BadExamples, dedup_key, read_examples
from gatte.intelligence.understanding.tfidf import fit_vocabulary, tokens

HELDOUT = Path(__file__).parent / "data" / "intents_heldout.csv"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Vc pode me AJUDAR?", "voce pode me ajudar?"),
        ("oiiiii", "oii"),
        ("blzzz", "beleza"),
        ("renovação", "renovacao"),
        ("pedido 48.213-7", "pedido 0"),
        ("quero o A1 e o A3", "quero o a1 e o a3"),
        ("veja https://exemplo.com/x?y=1", "veja  link "),
        ("👍🏽", "👍"),
        ("❤️", "❤"),
    ],
)
def test_text_is_brought_to_one_spelling(written, plain):
    assert normalize_for_classifier(written) == plain


def test_normalising_twice_changes_nothing_but_spaces():
    for example in read_examples():
        once = normalize_for_classifier(example.text)
        assert normalize_for_classifier(once).split() == once.split()


def test_words_come_alone_and_in_pairs_and_pieces_stay_within_a_word():
    words, pieces = tokens("quero renovar")

    assert words == ["quero", "renovar", "quero renovar"]
    assert "# qu" in pieces
    assert "#ar " in pieces
    assert not [piece for piece in pieces if "o r" in piece]


def test_a_pasted_novel_costs_no_more_than_its_first_lines():
    assert len(normalize_for_classifier("a b " * 10_000)) == CLASSIFIER_CHARACTERS


def test_blocks_of_weights_have_length_one():
    vocabulary = fit_vocabulary(["quero renovar", "quero comprar", "renovar já"])
    columns, weights = vocabulary.transform("quero renovar")

    assert len(columns) == len(weights)
    assert float((weights**2).sum()) == pytest.approx(2, abs=1e-5)


def test_nothing_known_weighs_nothing():
    columns, weights = fit_vocabulary(["oi", "oi oi"]).transform("🦄")

    assert len(columns) == len(weights) == 0


def test_every_intent_has_at_least_sixty_examples():
    counts = Counter(example.intent for example in read_examples())

    assert set(counts) == set(Intent)
    assert min(counts.values()) >= 60


def test_no_heldout_text_is_learned_from():
    learned = {normalize_for_classifier(example.text).strip(" ?!.") for example in read_examples()}
    with HELDOUT.open(encoding="utf-8", newline="") as file:
        held_out = [
            normalize_for_classifier(row["text"]).strip(" ?!.") for row in csv.DictReader(file)
        ]

    assert [text for text in held_out if text in learned] == []


@pytest.mark.parametrize("line", ["unheard_of,oi", "greeting,", "greeting,OI  tudo bem"])
def test_a_bad_line_of_examples_is_refused_by_number(tmp_path, line):
    path = tmp_path / "intents.csv"
    path.write_text(f"intent,text\ngreeting,oi tudo bem\n{line}\n", encoding="utf-8")

    with pytest.raises(BadExamples, match="line 3"):
        read_examples(path)


def test_wording_is_the_same_up_to_case_and_spaces():
    assert dedup_key(" Bom  DIA ") == dedup_key("bom dia")
    assert INTENTS.exists()
