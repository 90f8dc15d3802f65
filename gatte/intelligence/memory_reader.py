"""Gemini reads a conversation for what is worth remembering: one structured call, of which only
what stands in a message is kept.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from gatte.conversation.memory_kinds import MemoryKind
from gatte.conversation.parsing.names import parse_email, parse_name
from gatte.intelligence import prompts
from gatte.intelligence.calls import CallPurpose, CallRecord
from gatte.intelligence.gemini.client import Gemini
from gatte.intelligence.gemini.config import generation_config, user_content
from gatte.intelligence.pseudonymization import CUSTOMER, HiddenText, Pseudonymizer, Record

TEMPERATURE = 0.0
TOKENS = 1_024
LONGEST_LINE = 500
MOST_FOUND = 8
LEAST_CONFIDENCE = 0.5
FROM_CUSTOMER = (
    MemoryKind.NAME_FORM,
    MemoryKind.COMPANY,
    MemoryKind.PRODUCT,
    MemoryKind.PERIOD,
    MemoryKind.EMAIL,
)
"""What only the customer's own words may tell; a promise is the company's."""
KINDS = (*FROM_CUSTOMER, MemoryKind.PROMISE)
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "found": {
                "type": "array",
                "maxItems": MOST_FOUND,
                "items": {
                    "type": "object",
                    "properties": {
                        "kind": {"type": "string", "enum": [kind.value for kind in KINDS]},
                        "value": {"type": "string"},
                        "message": {"type": "integer"},
                        "confidence": {"type": "number"},
                    },
                    "required": ["kind", "value", "message", "confidence"],
                },
            }
        },
        "required": ["found"],
    }
)


@dataclass(frozen=True)
class ReadableMessage:
    """A message that is read for memories: who wrote it, and its words."""

    author: str
    text: str


@dataclass(frozen=True)
class ReadMemory:
    """What was found: its kind, the customer's own words for it, and the place of the message in
    which they stand.
    """

    kind: MemoryKind
    value: str
    message: int
    confidence: float


class _ProposedMemory(BaseModel):
    model_config = ConfigDict(extra="ignore")

    kind: str
    value: str
    message: int
    confidence: float = 0.0


class _ProposedMemories(BaseModel):
    model_config = ConfigDict(extra="ignore")

    found: list[_ProposedMemory] = Field(max_length=MOST_FOUND)


def read_memories(
    gemini: Gemini, messages: Sequence[ReadableMessage], record: Record
) -> list[ReadMemory]:
    """What the messages tell, each with its message; GeminiUnavailable when nobody read them."""
    hidden = Pseudonymizer(record)
    hidden.learn_from_dialogue([(one.author, one.text) for one in messages], [])
    texts = hidden.hide_messages([one.text[:LONGEST_LINE] for one in messages])
    sent = [
        {"numero": number, "de": one.author, "texto": text.text}
        for number, (one, text) in enumerate(zip(messages, texts, strict=True))
    ]
    call = CallRecord(CallPurpose.REMEMBER, gemini.models.classifier, prompts.MEMORY)
    config = generation_config(
        call.model, TEMPERATURE, TOKENS, prompts.read(prompts.MEMORY), SCHEMA
    )
    content = user_content(json.dumps({"mensagens": sent}, ensure_ascii=False))
    proposed, _ = gemini.generate(call, content, config, _ProposedMemories.model_validate_json)
    kept = (_checked(one, messages, texts) for one in proposed.found)
    return [one for one in kept if one is not None]


def _checked(
    proposed: _ProposedMemory, messages: Sequence[ReadableMessage], texts: Sequence[HiddenText]
) -> ReadMemory | None:
    """A proposal whose words stand in the message that it names, written by who may tell that;
    None for any other.
    """
    known = {kind.value: kind for kind in KINDS}
    kind = known.get(proposed.kind)
    if kind is None or not 0 <= proposed.message < len(messages):
        return None
    is_from_customer = messages[proposed.message].author == CUSTOMER
    if is_from_customer is not (kind in FROM_CUSTOMER):
        return None
    original = texts[proposed.message].original_of(proposed.value.strip())
    value = _clean(kind, original or "")
    if not value or proposed.confidence < LEAST_CONFIDENCE:
        return None
    return ReadMemory(kind, value, proposed.message, min(proposed.confidence, 1.0))


def _clean(kind: MemoryKind, value: str) -> str:
    """A value in the form in which it is kept; empty when it is none of its kind."""
    if kind is MemoryKind.EMAIL:
        return parse_email(value).value or ""
    if kind is MemoryKind.NAME_FORM:
        return parse_name(value).value or ""
    return " ".join(value.split())
