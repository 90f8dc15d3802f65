import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatte.privacy.sanitize import INVISIBLE, sanitize_text

ANY = st.text(st.characters(codec=None), max_size=300)
NASTY = st.text(
    st.sampled_from(
        "ae=\u0301\u0338\u0308\u200d\ufe0f\u200b\u202e\x00 \n\r\t\u00a0\u2028"
        "👩💻❤1\u20e3\u2329\u2adc\ud83d\ude00\U000e0041"
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("olá", "olá"),
        ("ola\u0301", "olá"),
        ("se\x00nha", "senha"),
        ("abc\u202edef\u202c", "abcdef"),
        ("ca\u200bsa\u2060 \ufeffazul", "casa azul"),
        ("oi\r\ntudo\u2028bem\rsim", "oi\ntudo\nbem\nsim"),
        ("muito \t  \u00a0 espaço", "muito espaço"),
        ("a\n\n\n\n \n\nb", "a\n\nb"),
        ("  nas pontas \n", "nas pontas"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("1\ufe0f\u20e3", "1\ufe0f\u20e3"),
        ("🤦🏽\u200d♀\ufe0f", "🤦🏽\u200d♀\ufe0f"),
        ("a\u200db", "ab"),
        ("e\u200d\u0301", "é"),
        ("a\ufe0f", "a"),
        ("a\ufe00b", "ab"),
        ("oi\U000e0069\U000e0067", "oi"),
        ("x\U000e0100y", "xy"),
        ("Z\u0300\u0301\u0302\u0303\u0304\u0305", "Z\u0300\u0301\u0302"),
        ("\ud83d solto", "solto"),
        ("", ""),
        ("\u200b\u200b", ""),
    ],
)
def test_a_text_is_cleaned(given_text, cleaned):
    assert sanitize_text(given_text) == cleaned


def test_a_text_is_cut_at_the_limit():
    assert sanitize_text("a" * 5000) == "a" * 4096
    assert sanitize_text("é" * 50, limit=10) == "é" * 10


def test_a_cut_leaves_no_space_or_joiner_at_the_end():
    assert sanitize_text("ab cd", limit=3) == "ab"
    assert sanitize_text("👩\u200d💻", limit=2) == "👩"


def test_hidden_characters_do_not_use_up_the_limit():
    assert sanitize_text("\u200b".join("abcdefgh"), limit=5) == "abcde"


@given(ANY | NASTY, st.integers(1, 50))
@example("\u2329\u200d❤", 10)
@example("👩\u200d\ufe0f\u200d", 10)
def test_cleaning_twice_changes_nothing_more(text, limit):
    once = sanitize_text(text, limit)

    assert sanitize_text(once, limit) == once


@given(ANY | NASTY, st.integers(1, 50))
def test_a_clean_text_is_short_normal_and_holds_nothing_hidden(text, limit):
    cleaned = sanitize_text(text, limit)

    assert len(cleaned) <= limit
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not INVISIBLE.search(cleaned)
    assert not any(
        unicodedata.category(letter) in {"Cc", "Cs"} and letter != "\n" for letter in cleaned
    )
    assert "  " not in cleaned
    assert "\n\n\n" not in cleaned
    cleaned.encode()


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd", "Po"]), min_size=1, max_size=200))
def test_plain_words_stay_as_they_are(text):
    assert sanitize_text(text) == unicodedata.normalize("NFC", text)
