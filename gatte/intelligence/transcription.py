"""What a voice message says, transcribed by Gemini: the audio goes inline with the request, and
only the words come back.

The words are a customer's words like any that were typed: the same rules, checks and models read
them after this. The time limit and the breaker are those of all calls to Gemini.
"""

from dataclasses import dataclass

from gatte.intelligence import prompts
from gatte.intelligence.calls import CallPurpose, CallRecord
from gatte.intelligence.gemini.client import Gemini
from gatte.intelligence.gemini.config import generation_config
from gatte.intelligence.gemini.structured_output import TRANSCRIPT_SCHEMA, WrittenTranscript
from gatte.privacy.sanitize import sanitize_text

TRANSCRIBER_TEMPERATURE = 0.0  # one hearing, no variations
TRANSCRIBER_TOKENS = 2_048  # most that may be written: some ten minutes of speech
# Bytes: half an hour as WhatsApp records it, and in base64 far below the 20 MB of a request.
LARGEST_AUDIO = 5 * 1024 * 1024
PROMPT = "Transcreva o áudio."
GEMINI_MIME_TYPES = {
    "audio/ogg": "audio/ogg",
    "audio/opus": "audio/ogg",
    "audio/mpeg": "audio/mp3",
    "audio/mp3": "audio/mp3",
    "audio/aac": "audio/aac",
    "audio/mp4": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/wav": "audio/wav",
    "audio/flac": "audio/flac",
}
"""WhatsApp's audio types, by the names that Gemini knows; Gemini takes no AMR (very old phones)."""


INAUDIBLE = "[inaudível]"
"""Stands in a transcript for what nobody can understand."""


@dataclass(frozen=True)
class HeardSpeech:
    """The words of a voice message, and those of them that were not heard for sure."""

    text: str = ""
    doubtful: tuple[str, ...] = ()


def supports(mime_type: str | None) -> bool:
    """Whether audio of this type can be transcribed."""
    return _bare(mime_type) in GEMINI_MIME_TYPES


def transcribe(gemini: Gemini, audio: bytes, mime_type: str) -> tuple[HeardSpeech, CallRecord]:
    """The words of a voice message of a type that `supports` accepts, none when nobody can be
    understood in it.

    GeminiUnavailable when it was not heard.
    """
    from google.genai.types import Part

    record = CallRecord(CallPurpose.TRANSCRIBE, gemini.models.responder, prompts.TRANSCRIBER)
    config = generation_config(
        record.model,
        TRANSCRIBER_TEMPERATURE,
        TRANSCRIBER_TOKENS,
        prompts.instructions(prompts.TRANSCRIBER, gemini.canary),
        TRANSCRIPT_SCHEMA,
    )
    contents = [
        Part.from_bytes(data=audio, mime_type=GEMINI_MIME_TYPES[_bare(mime_type)]),
        Part.from_text(text=PROMPT),
    ]
    return gemini.generate(record, contents, config, _words)


def _bare(mime_type: str | None) -> str:
    """A type without its parameters ("audio/ogg; codecs=opus" is audio/ogg)."""
    return (mime_type or "").partition(";")[0].strip().lower()


def _words(said: str) -> HeardSpeech:
    """What was written; a plain text, which models of other schemas write, has no doubts."""
    written = WrittenTranscript(text=said)
    if said.lstrip().startswith("{"):
        written = WrittenTranscript.model_validate_json(said)
    if prompts.NO_SPEECH in written.text:
        return HeardSpeech()
    text = sanitize_text(written.text)
    marked = INAUDIBLE in text
    doubtful = [word for one in written.doubtful if (word := one.strip()) and word in text]
    return HeardSpeech(text, tuple([*doubtful, INAUDIBLE] if marked else doubtful))
