"""Voice messages become words before a turn thinks: fetched from Meta and transcribed, several at a
time, with no transaction open.

Where that cannot be (no Gemini, no Cloud API, a file that is gone) the message stays without words,
and the customer is asked to type.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from uuid import UUID

import structlog

from gatte import services
from gatte.conversation.nlu import MessageKind
from gatte.delivery import media_for
from gatte.intelligence import transcription
from gatte.intelligence.gemini.client import Gemini, GeminiUnavailable
from gatte.media import voice_files
from gatte.observability.metric_labels import TurnStep
from gatte.store import messages
from gatte.store.media_files import ClaimedMedia
from gatte.turns.load import TurnInput, UnreadMessage
from gatte.turns.process import TurnResult
from gatte.whatsapp.media import DownloadFailed, DownloadFailureReason, MediaClient

log = structlog.get_logger(__name__)

# voice messages that one turn hears, all together: a lease is short, and a transcript costs money
MAX_PER_TURN = 6


@dataclass(frozen=True)
class Transcript:
    """What came of one voice message: its words, or in `outcome` why there are none; those of them
    that were not heard for sure.
    """

    text: str
    outcome: str
    doubtful: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Listened:
    """What came of one voice message, with its content where Meta gave it, or why it did not."""

    transcript: Transcript
    fetched: bytes | None = None
    missing: DownloadFailureReason | None = None


@dataclass(frozen=True)
class _Clients:
    """What it takes to hear: where files are, and who understands speech."""

    media: MediaClient
    gemini: Gemini
    phone_number_id: str


@dataclass
class VoiceTranscriber:
    """What the voice messages of one turn said; kept while the turn is thought over again, so that
    none is heard and paid twice.
    """

    transcripts: dict[UUID, Transcript] = field(default_factory=dict)
    milliseconds: float = 0.0
    _claimed: list[tuple[ClaimedMedia, "_Listened"]] = field(default_factory=list)

    def transcribe_unread(self, reading: TurnInput) -> TurnInput:
        """The reading with the words of its voice messages, as far as they can be had."""
        clients = _clients(reading.phone_number_id)
        new = [unread for unread in _voices(reading) if unread.id not in self.transcripts]
        if clients is not None and new:
            started = time.perf_counter()
            room = max(0, MAX_PER_TURN - len(self.transcripts))
            self.transcripts |= self._transcribe_all(clients, new[:room])
            self.transcripts |= {one.id: Transcript("", "too_many") for one in new[room:]}
            self.milliseconds += round((time.perf_counter() - started) * 1000, 2)
        return replace(reading, unread=tuple(self._worded(unread) for unread in reading.unread))

    def add_to_trace(self, thought: TurnResult) -> None:
        """Let the trace and the times of the turn show how the hearing went."""
        if self.transcripts:
            thought.trace["transcripts"] = {
                str(message_id): one.outcome for message_id, one in self.transcripts.items()
            }
            thought.step_durations_ms[TurnStep.TRANSCRIBE.value] = self.milliseconds

    def save(self) -> None:
        """Store the words as the messages' own, in the transaction of the turn; not where the turn
        had them erased.
        """
        for message_id, one in self.transcripts.items():
            if one.text:
                messages.save_transcript(message_id, one.text, one.doubtful)

    def keep_files(self) -> None:
        """Store what was fetched as the files of their messages, once the customer has the answer:
        the lease of a turn is too short to wait for the storage. Commits.

        A process that dies before leaves files that are due again when their claims run out.
        """
        while self._claimed:
            claimed, listened = self._claimed.pop()
            voice_files.finish(claimed, listened.fetched, listened.missing)

    def _transcribe_all(
        self, clients: _Clients, unread: list[UnreadMessage]
    ) -> dict[UUID, Transcript]:
        known = [one.id for one in unread if transcription.supports(one.mime_type)]
        files = voice_files.open_files(known)
        listened = _listen_to_all(clients, unread, files.contents)
        self._claimed += [(claim, listened[one]) for one, claim in files.claims.items()]
        return {message_id: one.transcript for message_id, one in listened.items()}

    def _worded(self, unread: UnreadMessage) -> UnreadMessage:
        transcript = self.transcripts.get(unread.id)
        if transcript is None:
            return unread
        return replace(unread, text=transcript.text, doubtful=transcript.doubtful)


def _voices(reading: TurnInput) -> list[UnreadMessage]:
    """What a customer said and did not delete right after."""
    deleted = {unread.target_id for unread in reading.unread if unread.kind is MessageKind.REVOKE}
    return [
        unread for unread in reading.unread if _is_voice(unread) and str(unread.id) not in deleted
    ]


def _is_voice(unread: UnreadMessage) -> bool:
    return (
        unread.kind is MessageKind.AUDIO
        and not unread.text
        and not unread.from_company_phone
        and unread.media_id is not None
    )


def _clients(phone_number_id: str) -> _Clients | None:
    media = media_for(phone_number_id)
    gemini = services.gemini()
    return None if media is None or gemini is None else _Clients(media, gemini, phone_number_id)


def _listen_to_all(
    clients: _Clients, unread: list[UnreadMessage], contents: Mapping[UUID, bytes]
) -> dict[UUID, _Listened]:
    with ThreadPoolExecutor(MAX_PER_TURN, thread_name_prefix="listening") as threads:
        # each in a copy of the context, so that its log lines carry the ids of the turn
        heard: dict[UUID, Future[_Listened]] = {
            one.id: threads.submit(
                copy_context().run, _transcribe, clients, one, contents.get(one.id)
            )
            for one in unread
        }
        return {message_id: future.result() for message_id, future in heard.items()}


def _transcribe(clients: _Clients, unread: UnreadMessage, stored: bytes | None) -> _Listened:
    listened = _listen(clients, unread, stored)
    transcript = listened.transcript
    log.info(
        "voice_transcribed",
        message_id=str(unread.id),
        outcome=transcript.outcome,
        words=len(transcript.text.split()),
        doubtful=len(transcript.doubtful),
    )
    return listened


def _listen(clients: _Clients, unread: UnreadMessage, stored: bytes | None) -> _Listened:
    if not transcription.supports(unread.mime_type):
        return _Listened(Transcript("", "unknown_format"))
    if stored is not None:
        return _Listened(_understand(clients, unread, stored))
    try:
        file = clients.media.download(
            clients.phone_number_id,
            unread.media_id or "",
            transcription.LARGEST_AUDIO,
            unread.sha256,
        )
    except DownloadFailed as missing:
        return _Listened(Transcript("", missing.why.value), missing=missing.why)
    return _Listened(_understand(clients, unread, file.content), fetched=file.content)


def _understand(clients: _Clients, unread: UnreadMessage, content: bytes) -> Transcript:
    if len(content) > transcription.LARGEST_AUDIO:
        return Transcript("", DownloadFailureReason.TOO_LARGE.value)
    try:
        spoken, call = transcription.transcribe(clients.gemini, content, unread.mime_type or "")
    except GeminiUnavailable as away:
        return Transcript("", away.call.outcome.value)
    outcome = call.outcome.value if spoken.text else "no_speech"
    return Transcript(spoken.text, outcome, spoken.doubtful)
