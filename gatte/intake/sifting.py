"""Which of the messages that are being filed a turn shall read: not those beyond the limit, not those of a muted contact.

Taps on buttons, deletions, and whatever comes while a human owns the conversation always pass; so does the first wish to
get no more notices. What is set aside stays in the history. A message for which a contact is muted is set aside with all that it came with.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from flask import current_app

from gatte.conversation.rules import Command, command_in
from gatte.conversation.secrets_sent import holds_password, names_key_file
from gatte.conversation.snapshot import Owner
from gatte.conversation.understanding import MessageKind
from gatte.extensions import db
from gatte.intake import limits, repetition, spam, windows
from gatte.intake.arrived import Arrived
from gatte.intake.spam import Sign, Weighed
from gatte.intake.talks import Talk
from gatte.intake.windows import Counted, Mark
from gatte.models import Contact, MuteReason, SetAside
from gatte.observability import metrics
from gatte.settings import Settings

log = structlog.get_logger(__name__)

ALWAYS_READ = {MessageKind.CHOICE, MessageKind.REVOKE, MessageKind.SYSTEM}


def sift(talk: Talk, arrived: Sequence[Arrived]) -> SetAside | None:
    """Set aside what no turn shall read; what the customer must be told now, if anything."""
    judged = [one for one in arrived if not one.echo and one.kind not in ALWAYS_READ]
    if talk.owner is Owner.HUMAN or not judged:
        return None
    heard = [one for one in judged if not spam.is_muted(talk, one.row.received_at)]
    muted_now = _count(talk, heard)
    for one in judged:
        if spam.is_muted(talk, one.row.received_at) and not _opts_out(talk, one):
            one.set_aside = SetAside.MUTED
    _forget_secrets([one for one in judged if one.set_aside is not None])
    return SetAside.MUTED if muted_now else _told_of_limit(talk, judged)


def _opts_out(talk: Talk, one: Arrived) -> bool:
    """Whether this is the wish to get no more notices, for the first time: the law wants it heard from everybody."""
    return talk.opted_out_at is None and command_in(one.words) is Command.LEAVE


def _count(talk: Talk, heard: Sequence[Arrived]) -> bool:
    """Count these messages and draw the conclusions; whether the contact is muted from now on.

    First how many they are: of what goes beyond the limit no word is weighed, so that a flood costs little.
    """
    placed = [(_place(one), _flood(talk, one)) for one in heard]
    counted = iter(windows.count([mark for place, flood in placed for mark in (place, flood.mark)]))
    held = [(next(counted).fits, (flood, next(counted))) for _, flood in placed]
    signs = [_signs(talk, one) if fits else [] for one, (fits, _) in zip(heard, held, strict=True)]
    weighed = iter(windows.count([sign.mark for found in signs for sign in found]))
    muted = False
    for one, (fits, flood), found in zip(heard, held, signs, strict=True):
        muted = _conclude(talk, one, [flood, *((sign, next(weighed)) for sign in found)], fits=fits) or muted
    return muted


def _place(one: Arrived) -> Mark:
    return limits.mark(one.row.sender_hash.hex(), str(one.row.id), one.at)


def _flood(talk: Talk, one: Arrived) -> Sign:
    return spam.flood(one.row.sender_hash.hex(), str(one.row.id), one.at, _forgiven_at(talk))


def _signs(talk: Talk, one: Arrived) -> list[Sign]:
    return spam.signs(one.row.sender_hash.hex(), str(one.row.id), one.at, one.words, _forgiven_at(talk))


def _forgiven_at(talk: Talk) -> int:
    return 0 if talk.muted_until is None else round(talk.muted_until.timestamp() * 1000)


def _conclude(talk: Talk, one: Arrived, weighed: Sequence[Weighed], *, fits: bool) -> bool:
    """Set a message aside when it must be; whether it is the one for which the contact is muted."""
    if spam.is_muted(talk, one.row.received_at):
        return False
    reason = _reason(talk, one, weighed)
    if reason is not None:
        talk.muted_until = one.row.received_at + timedelta(minutes=_settings().gatte_mute_minutes)
        spam.mute(db.session.get_one(Contact, talk.contact_id), reason, talk.muted_until)
        return True
    if not fits and not _opts_out(talk, one):
        one.set_aside = SetAside.LIMITED
        metrics.RATE_LIMITED.inc()
    return False


def _reason(talk: Talk, one: Arrived, weighed: Sequence[Weighed]) -> MuteReason | None:
    """What the contact is to be muted for; the history is asked only where the windows, which count every repetition, say enough."""
    found = spam.verdict(weighed)
    if found is None or not any(sign.reason is MuteReason.REPETITION for sign, _ in weighed):
        return found
    said = Counted(True, repetition.times_said(talk, one))
    return spam.verdict([(sign, said if sign.reason is MuteReason.REPETITION else counted) for sign, counted in weighed])


def _forget_secrets(set_aside: Sequence[Arrived]) -> None:
    """No turn will see to passwords and key files among these, so they are forgotten here."""
    for one in set_aside:
        if holds_password(one.words) or names_key_file(one.filename, one.mime_type):
            one.forgotten = True
    if set_aside:
        log.info("messages_set_aside", count=len(set_aside), why=sorted({str(one.set_aside) for one in set_aside}))


def _told_of_limit(talk: Talk, judged: Sequence[Arrived]) -> SetAside | None:
    limited = any(one.set_aside is SetAside.LIMITED for one in judged)
    return SetAside.LIMITED if limited and limits.must_be_told(talk.conversation_id) else None


def _settings() -> Settings:
    settings: Settings = current_app.extensions["gatte_settings"]
    return settings
