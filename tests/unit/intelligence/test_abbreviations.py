"""One abbreviation means one thing, to the classifier, to the search and to the slots."""

import pytest

from gatte.conversation.parsing.abbreviations import BY_CONTEXT, BY_NAME, MEANINGS
from gatte.conversation.parsing.normalize import normalize_for_classifier, normalize_for_search
from gatte.conversation.parsing.products import find_product

PERSON = [
    "certificado pf",
    "e-cpf pf",
    "quero um certificado digital PF",
    "pf",
    "pf ou pj?",
    "pra pf",
]
COURTESY = [
    "me ajuda pf",
    "pf me ajuda",
    "atendente pf",
    "renova o da minha empresa pf",
    "me liga pff",
]


@pytest.mark.parametrize("text", PERSON)
def test_pf_beside_a_product_is_a_kind_of_person_everywhere(text):
    assert "pessoa fisica" in normalize_for_classifier(text)
    assert "pessoa fisica" in normalize_for_search(text)
    assert find_product(text).value in {"e-CPF", "e-CNPJ"}


@pytest.mark.parametrize("text", COURTESY)
def test_pf_beside_a_request_is_courtesy_everywhere(text):
    assert "por favor" in normalize_for_classifier(text)
    assert "por favor" in normalize_for_search(text)
    assert find_product(text).value != "e-CPF"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("manda pro celular", "manda para o celular"),
        ("do a1 pro a3", "do a1 para o a3"),
        ("windows 10 pro", "windows 10 pro"),
    ],
)
def test_pro_leads_on_to_a_word_and_is_a_name_at_the_end(text, plain):
    assert normalize_for_search(text) == plain
    assert normalize_for_classifier(text) == plain.replace("10", "0")


def test_no_abbreviation_has_two_meanings():
    names = [short for shorts in MEANINGS.values() for short in shorts.split()]

    assert len(names) == len(set(names)) == len(BY_NAME)
    assert not set(names) & set(BY_CONTEXT)


@pytest.mark.parametrize("short", [*BY_NAME, *BY_CONTEXT])
def test_classifier_and_search_read_every_abbreviation_alike(short):
    text = f"certificado {short} urgente"

    assert normalize_for_classifier(text).replace("-", " ") == normalize_for_search(text)
