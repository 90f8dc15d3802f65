"""Which of the messages that are being processed a turn shall read: not those beyond the limit, not
those of a muted contact.

Taps on buttons, deletions, and whatever comes while a human owns the conversation always pass; so
does the first wish to get no more notices. What is skipped stays in the history. A message for
which a contact is muted is skipped with all that it came with.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from gatte import services
from gatte.conversation.nlu import MessageKind
from gatte.conversation.rules import CommandWord, command_in
from gatte.conversation.secret_detection import holds_password, names_key_file
from gatte.conversation.snapshot import Owner
from gatte.infra.redis import sliding_window
from gatte.infra.redis.sliding_window import Hit, HitResult
from gatte.intake import contact_rate_limit, repetition, spam
from gatte.intake.incoming_message import IncomingMessage
from gatte.intake.open_conversation import OpenConversation
from gatte.intake.spam import SpamSignal, Weighed
from gatte.models import MuteReason, SkipReason
from gatte.observability import metrics
from gatte.store import contacts, conversations

log = structlog.get_logger(__name__)

NEVER_SCREENED = {MessageKind.CHOICE, MessageKind.REVOKE, MessageKind.SYSTEM}


def screen(talk: OpenConversation, arrived: Sequence[IncomingMessage]) -> SkipReason | None:
    """Skip what no turn shall read; what the customer must be told now, if anything."""
    judged = [one for one in arrived if not one.echo and one.kind not in NEVER_SCREENED]
    if talk.owner is Owner.HUMAN or not judged:
        return None
    heard = [one for one in judged if not contacts.is_muted(talk, one.row.received_at)]
    muted_now = _count_hits(talk, heard)
    for one in judged:
        if contacts.is_muted(talk, one.row.received_at) and not _opts_out(talk, one):
            one.skip_reason = SkipReason.MUTED
    _forget_secrets([one for one in judged if one.skip_reason is not None])
    return SkipReason.MUTED if muted_now else _limit_notice(talk, judged)


def _opts_out(talk: OpenConversation, one: IncomingMessage) -> bool:
    """Whether this is the wish to get no more notices, for the first time: the law wants it heard
    from everybody.
    """
    return talk.opted_out_at is None and command_in(one.text) is CommandWord.LEAVE


def _count_hits(talk: OpenConversation, heard: Sequence[IncomingMessage]) -> bool:
    """Count these messages and draw the conclusions; whether the contact is muted from now on.

    First how many they are, and how often each was said: of what goes beyond the limit no more is
    weighed, so that a flood costs little.
    """
    usual = [[_flood(talk, one), *_repetition(talk, one)] for one in heard]
    counted = _record(
        [
            [_place(one), *(sign.mark for sign in signs)]
            for one, signs in zip(heard, usual, strict=True)
        ]
    )
    within_limit = [place.allowed for place, *_ in counted]
    signs = [
        _signs(talk, one) if fits else [] for one, fits in zip(heard, within_limit, strict=True)
    ]
    counted_signs = _record([[sign.mark for sign in found] for found in signs])
    muted = False
    for index, one in enumerate(heard):
        fits = within_limit[index]
        weighed = list(zip(usual[index], counted[index][1:], strict=True))
        weighed += zip(signs[index], counted_signs[index], strict=True)
        muted_by_this = _apply_limits(talk, one, weighed, fits=fits)
        muted = muted or muted_by_this
    return muted


def _record(groups: Sequence[Sequence[Hit]]) -> list[list[HitResult]]:
    """Count the hits of all groups in one round trip; the results in the same groups."""
    results = iter(sliding_window.record_hits([hit for group in groups for hit in group]))
    return [[next(results) for _ in group] for group in groups]


def _place(one: IncomingMessage) -> Hit:
    return contact_rate_limit.rate_limit_hit(one.row.sender_hash.hex(), str(one.row.id), one.at)


def _flood(talk: OpenConversation, one: IncomingMessage) -> SpamSignal:
    return spam.flood(one.row.sender_hash.hex(), str(one.row.id), one.at, _forgiven_at(talk))


def _repetition(talk: OpenConversation, one: IncomingMessage) -> list[SpamSignal]:
    return spam.repetition(
        one.row.sender_hash.hex(), str(one.row.id), one.at, one.text, _forgiven_at(talk)
    )


def _signs(talk: OpenConversation, one: IncomingMessage) -> list[SpamSignal]:
    return spam.spam_signals(
        one.row.sender_hash.hex(), str(one.row.id), one.at, one.text, _forgiven_at(talk)
    )


def _forgiven_at(talk: OpenConversation) -> int:
    return 0 if talk.muted_until is None else round(talk.muted_until.timestamp() * 1000)


def _apply_limits(
    talk: OpenConversation, one: IncomingMessage, weighed: Sequence[Weighed], *, fits: bool
) -> bool:
    """Set a message aside when it must be; whether it is the one for which the contact is muted."""
    if contacts.is_muted(talk, one.row.received_at):
        return False
    reason = _reason(talk, one, weighed)
    if reason is not None:
        talk.muted_until = one.row.received_at + timedelta(
            minutes=services.settings().gatte_mute_minutes
        )
        contacts.mute(contacts.get_contact(talk.contact_id), reason, talk.muted_until)
        return True
    if not fits and not _opts_out(talk, one):
        one.skip_reason = SkipReason.RATE_LIMITED
        metrics.RATE_LIMITED.inc()
    return False


def _reason(
    talk: OpenConversation, one: IncomingMessage, weighed: Sequence[Weighed]
) -> MuteReason | None:
    """What the contact is to be muted for; the history is asked only where the windows, which count
    every repetition, say enough.
    """
    found = spam.spam_reason(weighed)
    if found is None or not any(sign.reason is MuteReason.REPETITION for sign, _ in weighed):
        return found
    said = HitResult(True, repetition.times_repeated(talk, one))
    return spam.spam_reason(
        [
            (sign, said if sign.reason is MuteReason.REPETITION else counted)
            for sign, counted in weighed
        ]
    )


def _forget_secrets(skipped: Sequence[IncomingMessage]) -> None:
    """No turn will see to passwords and key files among these, so they are forgotten here."""
    for one in skipped:
        if holds_password(one.text) or names_key_file(one.filename, one.mime_type):
            one.redacted = True
    if skipped:
        log.info(
            "messages_skipped",
            count=len(skipped),
            why=sorted({str(one.skip_reason) for one in skipped}),
        )


def _limit_notice(talk: OpenConversation, judged: Sequence[IncomingMessage]) -> SkipReason | None:
    if not any(one.skip_reason is SkipReason.RATE_LIMITED for one in judged):
        return None
    is_first_in_window = conversations.claim_limit_notice(
        talk.conversation_id, contact_rate_limit.WINDOW_SECONDS
    )
    return SkipReason.RATE_LIMITED if is_first_in_window else None
