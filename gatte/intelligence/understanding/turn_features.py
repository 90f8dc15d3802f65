"""What the command model sees of a turn beside its words: the place, and what rules find in it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gatte.conversation.escalation_rules import find_trigger
from gatte.conversation.fallback import looks_like_question
from gatte.conversation.parsing.answers import declines, yes_or_no
from gatte.conversation.parsing.dates import find_day
from gatte.conversation.parsing.documents import find_document
from gatte.conversation.parsing.names import find_email
from gatte.conversation.parsing.normalize import words
from gatte.conversation.parsing.products import find_product
from gatte.conversation.parsing.times import find_period
from gatte.conversation.rules import asks_for_ticket, command_in, small_talk_in
from gatte.conversation.secret_detection import holds_password
from gatte.intelligence.understanding import wording_features

NOW = datetime(2026, 3, 11, 10, 20)  # noqa: DTZ001 - any day: only whether one is named counts
SHORT_TEXT = 4
MOST_WORDS = 6
LONG_TEXT = 12
PLACE_WEIGHT, BUBBLE_WEIGHT, WORDING_WEIGHT = 0.3, 0.15, 0.5
MOST_BUBBLE_WORDS = 60
DIGITS, LONG_DIGITS = re.compile(r"\d"), re.compile(r"\d{5,}")


@dataclass(frozen=True)
class TurnContext:
    """Where a customer writes: the flow and the slot asked ("" for none, "confirm" at a summary),
    the bot's last words, whether buttons were shown, and whether a person is awaited.
    """

    flow: str = ""
    slot: str = ""
    bubble: str = ""
    has_options: bool = False
    waiting: bool = False

    @property
    def place(self) -> str:
        """The kind of place: queue, confirm, slot, offer, start or between."""
        if self.waiting:
            return "queue"
        if self.slot:
            return "confirm" if self.slot == "confirm" else "slot"
        if self.has_options:
            return "offer"
        return "between" if self.bubble else "start"


def features(messages: Sequence[str], context: TurnContext) -> dict[str, float]:
    """Named features of a turn with their weights; most are also joined with the place."""
    found = dict.fromkeys(_of_place(messages, context), PLACE_WEIGHT)
    bubble = set(words(context.bubble)[:MOST_BUBBLE_WORDS])
    found |= {f"bubble={word}": BUBBLE_WEIGHT for word in bubble}
    found |= dict.fromkeys(_of_wording(messages, context), WORDING_WEIGHT)
    return found


def _of_place(messages: Sequence[str], context: TurnContext) -> Iterator[str]:
    """The place, what rules find, and the words, joined with the place."""
    place = context.place
    yield from (f"place={place}", f"flow={context.flow}", f"slot={context.slot}")
    for rule in _rules(messages):
        yield rule
        yield f"{rule}&{place}"
        if context.slot:
            yield f"{rule}&{context.slot}"
    spoken = words("\n".join(messages))
    for word in spoken:
        yield f"word={word}&{place}"
    if spoken:
        yield f"first={spoken[0]}&{place}"
        yield f"last={spoken[-1]}&{place}"
    if len(spoken) <= SHORT_TEXT:
        yield f"whole={' '.join(spoken)}"
        yield f"whole={' '.join(spoken)}&{place}"
    if context.bubble.rstrip().endswith("?"):
        yield f"bubble?&{place}"


def _of_wording(messages: Sequence[str], context: TurnContext) -> Iterator[str]:
    place = context.place
    asked = context.slot or place
    clauses = wording_features.clauses_of(messages)
    yield f"flow={context.flow}&slot={context.slot}"
    yield from wording_features.of_clauses(clauses, place)
    yield from wording_features.of_words(clauses, place, asked)
    yield from wording_features.of_tone("\n".join(messages), place)
    yield from wording_features.of_reply(clauses, context.bubble, place)


def _rules(messages: Sequence[str]) -> Iterator[str]:
    text = "\n".join(messages)
    count = len(words(text))
    yield f"words={min(count, MOST_WORDS)}"
    if count >= LONG_TEXT:
        yield "long"
    yield f"messages={min(len(messages), 3)}"
    if "?" in text:
        yield "?"
    answer = yes_or_no(text)
    if answer is not None:
        yield "yes" if answer else "no"
    for message in messages:
        yield from _rules_of_message(message)


def _rules_of_message(message: str) -> Iterator[str]:
    if command := command_in(message):
        yield f"command={command}"
    if courtesy := small_talk_in(message):
        yield f"courtesy={courtesy}"
    if trigger := find_trigger(message):
        yield f"trigger={trigger.reason}"
    checks = {
        "question": looks_like_question(message),
        "ticket": asks_for_ticket(message),
        "document": find_document(message).value,
        "email": find_email(message).value,
        "product": find_product(message).value,
        "day": find_day(message, NOW).value,
        "period": find_period(message).value,
        "password": holds_password(message),
        "declines": declines(message),
        "digits": DIGITS.search(message),
        "long digits": LONG_DIGITS.search(message),
    }
    yield from (name for name, holds in checks.items() if holds)
    spoken = words(message)
    if 0 < len(spoken) <= SHORT_TEXT and all(word.isalpha() for word in spoken):
        yield "short words"
