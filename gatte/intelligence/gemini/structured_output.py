"""What Gemini answers in JSON: the schemas that travel with a call, and the same as types.

An answer of another shape raises pydantic's ValidationError; a label or a slot that nobody knows is
left to the reader of the answer, who drops it.
"""

import json

from pydantic import BaseModel, ConfigDict, Field

MOST_COMMANDS = 12
MOST_SENTENCES = 12
MOST_DOUBTFUL = 20


class GeneratedCommand(BaseModel):
    """One command as the model proposes it; texts are empty where they do not belong to it."""

    model_config = ConfigDict(extra="ignore")

    label: str
    span: str = ""
    slot: str = ""
    value: str = ""
    question: str = ""


class GeneratedTurn(BaseModel):
    """What the model reads in a turn, and the language in which it is written ("pt", "es" ...)."""

    model_config = ConfigDict(extra="ignore")

    language: str = ""
    commands: list[GeneratedCommand] = Field(max_length=MOST_COMMANDS)


class WrittenSentence(BaseModel):
    """A sentence of an answer, and the number of the passage that holds it."""

    model_config = ConfigDict(extra="ignore")

    text: str
    passage: int


class WrittenAnswer(BaseModel):
    """An answer in sentences; none when the passages hold no answer."""

    model_config = ConfigDict(extra="ignore")

    sentences: list[WrittenSentence] = Field(max_length=MOST_SENTENCES)


class WrittenTranscript(BaseModel):
    """The words of a voice message, and those that were not heard for sure."""

    model_config = ConfigDict(extra="ignore")

    text: str
    doubtful: list[str] = Field(default_factory=list, max_length=MOST_DOUBTFUL)


def turn_schema(labels: tuple[str, ...], slots: tuple[str, ...]) -> str:
    """The JSON schema of a `GeneratedTurn` with the labels and slots that there are."""
    text = {"type": "string"}
    command = {
        "type": "object",
        "properties": {
            "label": {"type": "string", "enum": list(labels)},
            "span": text,
            "slot": {"type": "string", "enum": list(slots)},
            "value": text,
            "question": text,
        },
        "required": ["label", "span"],
    }
    commands = {"type": "array", "maxItems": MOST_COMMANDS, "items": command}
    properties = {
        "language": {"type": "string", "enum": ["pt", "es", "en", "other"]},
        "commands": commands,
    }
    return _object(properties)


def _object(properties: dict[str, object]) -> str:
    return json.dumps({"type": "object", "properties": properties, "required": list(properties)})


ANSWER_SCHEMA = _object(
    {
        "sentences": {
            "type": "array",
            "maxItems": MOST_SENTENCES,
            "items": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "passage": {"type": "integer"}},
                "required": ["text", "passage"],
            },
        }
    }
)
TRANSCRIPT_SCHEMA = _object(
    {
        "text": {"type": "string"},
        "doubtful": {"type": "array", "maxItems": MOST_DOUBTFUL, "items": {"type": "string"}},
    }
)
