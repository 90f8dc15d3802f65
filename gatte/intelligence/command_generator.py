"""Gemini reads a turn in its place: one structured call, whose proposals are checked.

It is asked only where rules and the local model leave doubt. What leaves holds placeholders instead
of personal values.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gatte.conversation.commands import TurnReading
from gatte.conversation.decision_builder import TOLD
from gatte.conversation.memory_kinds import MemoryKind
from gatte.conversation.parsing.normalize import word_set, words
from gatte.conversation.secret_detection import holds_password
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State
from gatte.conversation.thresholds import LABEL_THRESHOLD
from gatte.intelligence.command_checks import LABELS, SLOTS, SaidTurn, checked_commands
from gatte.intelligence.gemini.client import Gemini, GeminiUnavailable, History, history_json
from gatte.intelligence.gemini.structured_output import turn_schema
from gatte.intelligence.pseudonymization import CUSTOMER, HiddenText, Pseudonymizer, Record

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
class TurnRequest:
    """The messages of a turn and where they were written; `hardened` when the guard suspects
    them.
    """

    messages: tuple[str, ...]
    snapshot: Snapshot
    history: History = ()
    hardened: bool = False


def leaves_doubt(reading: TurnReading, turn: TurnRequest) -> bool:
    """Whether another reader is worth asking: the local model is sure of nothing, or not sure
    enough, or hears a question that cannot be understood alone.
    """
    chances = [one.probability for one in reading.labels]
    best = max(chances, default=0.0)
    expected_errors = sum(min(chance, 1 - chance) for chance in chances)
    if best < LABEL_THRESHOLD or expected_errors >= DOUBT:
        return True
    asks = reading.probability("Question") >= DOUBT
    return asks and bool(turn.history) and _is_elliptical(turn)


def generate(gemini: Gemini, turn: TurnRequest, local: TurnReading) -> TurnReading:
    """The local reading with the commands that Gemini proposes and that hold; the local one alone
    when Gemini is away or nothing holds. Messages with a password never leave.
    """
    turn = replace(turn, messages=tuple(one for one in turn.messages if not holds_password(one)))
    if not turn.messages:
        return local
    hidden = Pseudonymizer(record_of(turn.snapshot))
    hidden.learn_from_dialogue(turn.history, turn.messages)
    messages = hidden.hide_messages(_within_limit(turn.messages))
    sent = _json(turn, hidden, messages)
    try:
        proposed, call = gemini.understand(sent, SCHEMA, hardened=turn.hardened)
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
    contact = snapshot.contact
    slots = snapshot.slots
    names = [
        contact.name,
        slots.get("name"),
        slots.get(f"{TOLD}name"),
        snapshot.memory.get(MemoryKind.NAME_FORM),
        *(one.holder for one in snapshot.certificates),
    ]
    others = [
        contact.document,
        contact.phone,
        contact.email,
        slots.get("document"),
        slots.get(f"{TOLD}document"),
        slots.get("email"),
        slots.get(f"{TOLD}email"),
        snapshot.memory.get(MemoryKind.EMAIL),
        slots.get("value"),
    ]
    companies = [
        slots.get("company"),
        slots.get(f"{TOLD}company"),
        snapshot.memory.get(MemoryKind.COMPANY),
    ]
    return Record(
        names=_known(names),
        companies=_known(companies),
        others=_known(others),
    )


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


def _json(
    turn: TurnRequest, hidden: Pseudonymizer, messages: Sequence[HiddenText]
) -> dict[str, Any]:
    """The turn as the prompt describes it."""
    snapshot = turn.snapshot
    place = {
        "fluxo": snapshot.flow or "",
        "campo_pedido": snapshot.requested_slot or "",
        "opcoes": [hidden.hide(title).text for title in _options(snapshot)],
        "oferta": snapshot.flags.get("offer", ""),
        "espera_pessoa": snapshot.state is State.WAITING_HUMAN,
    }
    return {
        "situacao": place,
        "cadastro": _known_values(snapshot, hidden),
        "historico": history_json(hidden.hide_lines(turn.history)),
        "mensagens": [message.text for message in messages],
    }


def _known_values(snapshot: Snapshot, hidden: Pseudonymizer) -> dict[str, str]:
    """The slots that are filled, and the contact's name, as placeholders."""
    known = {"name": snapshot.contact.name or ""}
    known |= {name: value for name, value in snapshot.slots.items() if name in SLOTS}
    return {name: hidden.hide(value).text for name, value in known.items() if value}


def _options(snapshot: Snapshot) -> list[str]:
    """The titles of the buttons or rows that were shown last."""
    shown = json.loads(snapshot.flags.get("offered", "[]"))
    return [title for _, title in shown]


def _answers_something(turn: TurnRequest) -> bool:
    """Whether a yes or a no would answer anything: a question, a summary or an offer."""
    snapshot = turn.snapshot
    flags = snapshot.flags
    said = [text for author, text in turn.history if author != CUSTOMER]
    asked = bool(said) and "?" in said[-1]
    offered = bool(flags.get("offer") or flags.get("offered"))
    return asked or offered or bool(snapshot.requested_slot)


def _is_elliptical(turn: TurnRequest) -> bool:
    """Whether what is said may need what was said before: it is short, goes on, or points back."""
    spoken = words("\n".join(turn.messages))
    is_short = len(spoken) <= ELLIPTICAL_LENGTH
    goes_on = spoken[:1] == ("e",)
    points_back = not POINTING.isdisjoint(spoken)
    return is_short or goes_on or points_back
