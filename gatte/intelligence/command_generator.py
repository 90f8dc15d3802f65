"""Gemini reads a turn in its place: one structured call, whose proposals are checked.

It is asked only where rules and the local model leave doubt. What leaves holds placeholders instead
of personal values.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gatte.conversation.commands import TurnReading
from gatte.conversation.parsing.normalize import word_set, words
from gatte.conversation.secret_detection import holds_password
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State
from gatte.intelligence.command_checks import LABELS, SLOTS, SaidTurn, checked_commands
from gatte.intelligence.gemini.client import Gemini, GeminiUnavailable, History, history_json
from gatte.intelligence.gemini.structured_output import turn_schema
from gatte.intelligence.pseudonymization import HiddenText, Pseudonymizer, Record

DOUBT = 0.2
"""Labels that the local model is expected to have wrong in a turn, from which on Gemini is asked:
the sum of min(p, 1 - p) over its labels.
"""
ELLIPTICAL_LENGTH = 5
"""Words up to which a question may need what was said before to be understood."""
POINTING = word_set(
    "isso isto esse essa esses essas este esta aquele aquela ele ela eles elas dele dela disso "
    "desse dessa nesse nessa outro outra tambem mesmo mesma"
)
MOST_CHARACTERS = 4_000
"""Characters of all messages of a turn that are sent."""
SCHEMA = turn_schema(LABELS, SLOTS)


@dataclass(frozen=True)
class Turn:
    """The messages of a turn and where they were written; `options` are the titles of buttons."""

    messages: tuple[str, ...]
    snapshot: Snapshot
    history: History = ()


def leaves_doubt(reading: TurnReading, turn: Turn) -> bool:
    """Whether another reader is worth asking: the local model is not sure, or hears a question that
    cannot be understood alone.
    """
    expected_errors = sum(min(one.probability, 1 - one.probability) for one in reading.labels)
    asks = reading.probability("Question") >= DOUBT
    return expected_errors >= DOUBT or (asks and bool(turn.history) and _is_elliptical(turn))


def generate(gemini: Gemini, turn: Turn, local: TurnReading) -> TurnReading:
    """The local reading with the commands that Gemini proposes and that hold; the local one alone
    when Gemini is away or nothing holds. Messages with a password never leave.
    """
    turn = replace(turn, messages=tuple(one for one in turn.messages if not holds_password(one)))
    if not turn.messages:
        return local
    hidden = Pseudonymizer(record_of(turn.snapshot))
    hidden.learn_from_dialogue(turn.history, turn.messages)
    messages = [hidden.hide(text) for text in _within_limit(turn.messages)]
    sent = _json(turn, hidden, messages)
    try:
        proposed, call = gemini.understand(sent, SCHEMA)
    except GeminiUnavailable:
        return local
    before = "\n".join(text for _, text in turn.history)
    said = SaidTurn(messages, hidden, turn.snapshot, before, _answers_something(turn))
    commands = checked_commands(proposed, said)
    if not commands:
        return local
    return replace(local, commands=commands, model=f"{call.model} {call.prompt_version}")


def record_of(snapshot: Snapshot) -> Record:
    """What a conversation knows of the contact that must not leave."""
    contact, slots = snapshot.contact, snapshot.slots
    names = [contact.name, slots.get("name"), *(one.holder for one in snapshot.certificates)]
    others = [contact.document, contact.phone, contact.email, slots.get("document")]
    more = [slots.get("email"), slots.get("value")]
    return Record(_known(names), _known([slots.get("company")]), _known([*others, *more]))


def _known(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _within_limit(messages: Sequence[str]) -> list[str]:
    """The first messages that together keep to the limit."""
    kept: list[str] = []
    left = MOST_CHARACTERS
    for text in messages:
        if left > 0:
            kept.append(text[:left])
            left -= len(text)
    return kept


def _json(turn: Turn, hidden: Pseudonymizer, messages: Sequence[HiddenText]) -> dict[str, Any]:
    """The turn as the prompt describes it."""
    snapshot = turn.snapshot
    known = {name: hidden.hide(value).text for name, value in snapshot.slots.items()}
    if snapshot.contact.name:
        known.setdefault("name", hidden.hide(snapshot.contact.name).text)
    place = {
        "fluxo": snapshot.flow or "",
        "campo_pedido": snapshot.requested_slot or "",
        "opcoes": [hidden.hide(title).text for title in _options(snapshot)],
        "oferta": snapshot.flags.get("offer", ""),
        "espera_pessoa": snapshot.state is State.WAITING_HUMAN,
    }
    return {
        "situacao": place,
        "cadastro": {name: known[name] for name in known if name in SLOTS},
        "historico": history_json(hidden.hide_lines(turn.history)),
        "mensagens": [message.text for message in messages],
    }


def _options(snapshot: Snapshot) -> list[str]:
    """The titles of the buttons or rows that were shown last."""
    shown = json.loads(snapshot.flags.get("offered", "[]"))
    return [title for _, title in shown]


def _answers_something(turn: Turn) -> bool:
    """Whether a yes or a no would answer anything: a question, a summary or an offer."""
    snapshot = turn.snapshot
    last = next((text for author, text in reversed(turn.history) if author != "customer"), "")
    open_offer = snapshot.flags.get("offer") or snapshot.flags.get("offered")
    return bool(snapshot.requested_slot or open_offer or "?" in last)


def _is_elliptical(turn: Turn) -> bool:
    spoken = words("\n".join(turn.messages))
    starts_with_and = bool(spoken) and spoken[0] == "e"
    return len(spoken) <= ELLIPTICAL_LENGTH or starts_with_and or bool(POINTING & set(spoken))
