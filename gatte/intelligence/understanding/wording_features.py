"""How a turn is worded: its clauses, its pairs and triples of words, and how it takes up the bot's
last words.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gatte.conversation.parsing.normalize import normalize_for_classifier, normalize_text

TOKEN = re.compile(r"\w+|\?")
CLAUSE_END = re.compile(r"[\n.!;,:]+|(?<=\?)| - ")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
LAUGHTER = re.compile(r"k{3,}|rs+\b|haha")
FURTHER_WISH = re.compile(r"algo mais|mais (?:alguma|algo|algum)|outra coisa|ajudar|ajudo")
NEGATIONS = frozenset({"nao", "nem", "nunca", "sem", "nenhum", "nenhuma", "nada"})
STEM = 4
SHORT_CLAUSE = 4
MOST_CLAUSES = 5
MOST_WORDS = 12
SHOUTED_SHARE = 0.6
LEAST_SHOUTED = 6

Clauses = list[list[str]]


def clauses_of(messages: Sequence[str]) -> Clauses:
    """The words of each clause, with a question mark as a word of its own."""
    parts = (part for message in messages for part in CLAUSE_END.split(message))
    return [found for part in parts if (found := TOKEN.findall(normalize_for_classifier(part)))]


def of_clauses(clauses: Clauses, place: str) -> Iterator[str]:
    """How each clause begins and ends, and short ones whole."""
    yield f"clauses={min(len(clauses), MOST_CLAUSES)}"
    for clause in clauses:
        opening = " ".join(clause[:2])
        yield f"opens={clause[0]}"
        yield f"opens={clause[0]}&{place}"
        yield f"opens={opening}+"
        yield f"opens={opening}+&{place}"
        yield f"ends={' '.join(clause[-2:])}"
        if len(clause) <= SHORT_CLAUSE:
            whole = " ".join(clause)
            yield f"clause={whole}"
            yield f"clause={whole}&{place}"
        if clause[-1] == "?":
            yield "asks"
            yield f"asks&{place}"
            yield f"asks={clause[0]}"
    if clauses:
        first, last = clauses[0], clauses[-1]
        yield f"first clause={first[0]}&{place}"
        yield f"last clause={last[0]}&{place}"
        yield f"first length={min(len(first), SHORT_CLAUSE + 2)}&{place}"
        yield f"last length={min(len(last), SHORT_CLAUSE + 2)}&{place}"


def of_words(clauses: Clauses, place: str, asked: str) -> Iterator[str]:
    """Words with the slot asked, pairs with the place, and triples."""
    spoken = [word for clause in clauses for word in clause]
    for word in spoken:
        yield f"said={word}&{asked}"
    for first, second in pairwise(spoken):
        yield f"pair={first} {second}&{place}"
    for start in range(len(spoken) - 2):
        yield f"triple={' '.join(spoken[start : start + 3])}"
    if NEGATIONS & set(spoken):
        yield f"negated&{asked}"
    length = min(len(spoken), MOST_WORDS) // 2
    yield f"length={length}&{place}"
    yield f"length={length}&{asked}"


def of_tone(text: str, place: str) -> Iterator[str]:
    """Shouting, laughing and emoji."""
    letters = [mark for mark in text if mark.isalpha()]
    shouted = sum(mark.isupper() for mark in letters)
    if "!" in text:
        yield f"!&{place}"
    if len(letters) >= LEAST_SHOUTED and shouted > SHOUTED_SHARE * len(letters):
        yield "shouted"
    if LAUGHTER.search(text.lower()):
        yield "laughs"
        yield f"laughs&{place}"
    if "..." in text:
        yield "..."
    if any("\U0001f300" <= mark <= "\U0001faff" for mark in text):
        yield "emoji"


def of_reply(clauses: Clauses, bubble: str, place: str) -> Iterator[str]:
    """How the words take up what the bot asked last: "Cancelo a visita?", "cancela"."""
    sentences = clauses_of_bubble(bubble)
    spoken = [word for clause in clauses for word in clause]
    if not sentences:
        return
    questions = [one for one in sentences if one[-1] == "?"]
    asked = questions[-1] if questions else sentences[-1]
    verb = asked[0]
    yield f"asked={verb}"
    yield f"asked={' '.join(asked[:2])}+"
    yield f"bot {'asks' if questions else 'tells'}"
    yield f"bot {'asks' if questions else 'tells'}&{place}"
    if questions and spoken:
        yield f"asked={verb}&{spoken[0]}"
    if NEGATIONS & set(spoken):
        yield f"asked={verb}&negated"
    if FURTHER_WISH.search(normalize_text(bubble)):
        yield "anything else"
        if spoken:
            yield f"anything else&{spoken[0]}"
    yield from _of_repetition(spoken, asked, place)


def clauses_of_bubble(bubble: str) -> Clauses:
    """The words of each sentence of the bot."""
    sentences = (TOKEN.findall(normalize_for_classifier(one)) for one in SENTENCE_END.split(bubble))
    return [one for one in sentences if one]


def _of_repetition(spoken: Sequence[str], asked: Sequence[str], place: str) -> Iterator[str]:
    """Which words of the bot's sentence are said again, and whether they are negated."""
    stems = {word[:STEM] for word in asked if len(word) >= STEM}
    repeated = [at for at, word in enumerate(spoken) if word[:STEM] in stems]
    count = min(len(repeated), 3)
    yield f"repeats={count}"
    yield f"repeats={count}&{place}"
    if not repeated:
        return
    first = repeated[0]
    before = bool(NEGATIONS & set(spoken[max(0, first - 3) : first]))
    after = bool(NEGATIONS & set(spoken[first + 1 : first + 3]))
    yield f"repeats negated={before} {after}&{place}"
    if first == 0:
        yield f"repeats first&{place}"
    if any(spoken[at][:STEM] == asked[0][:STEM] for at in repeated):
        yield f"repeats verb negated={before} {after}&{place}"
