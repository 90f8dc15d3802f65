"""Certificates as the customer sees them; only those registered to this contact ever reach the
core.
"""

import re
from collections.abc import Iterator
from datetime import date

from gatte.conversation.parsing.normalize import normalize_text
from gatte.conversation.parsing.products import parts_of_answer
from gatte.conversation.replies import ReplyOption
from gatte.conversation.snapshot import CertificateFacts, Snapshot
from gatte.conversation.texts import render

MOST_ROWS = 9
DAY_OF_MONTH = re.compile(r"\bdia (\d{1,2})\b")
EXPIRED = re.compile(r"\b(?:venceu|vencid[oa]|expirou|expirad[oa])\b")
ENDS_FIRST = re.compile(
    r"\bvence (?:primeiro|antes|logo|agora)\b|\bmais perto de vencer\b|\b(?:acabando|vencendo)\b"
)


def days_left(certificate: CertificateFacts, today: date) -> int:
    """Days from today to the last day of validity; negative when it is over."""
    return (certificate.valid_until - today).days


def show_certificate(certificate: CertificateFacts, today: date) -> str:
    """One line on a certificate: kind, holder and when it ends."""
    left = days_left(certificate, today)
    if left < 0:
        key = "certificate.expired"
    elif left == 0:
        key = "certificate.last_day"
    else:
        key = "certificate.one_day" if left == 1 else "certificate.valid"
    return render(
        key,
        kind=certificate.kind,
        holder=certificate.holder[:60],
        valid_until=f"{certificate.valid_until:%d/%m/%Y}",
        days=left,
    )


def chosen_certificate(snapshot: Snapshot) -> CertificateFacts | None:
    """The contact's own certificate that the running form is about; None where none is chosen, or
    one that we do not know.
    """
    return certificate_of(snapshot, snapshot.slots.get("certificate", ""))


def certificate_of(snapshot: Snapshot, certificate_id: str) -> CertificateFacts | None:
    """The contact's own certificate of this id."""
    return next((one for one in snapshot.certificates if one.id == certificate_id), None)


def show_validity(certificate: CertificateFacts, today: date) -> str:
    """A certificate by its kind and its end: "e-CNPJ A1, que vale até 18/03/2026"."""
    over = certificate.valid_until < today
    return render(
        "certificate.of_kind_expired" if over else "certificate.of_kind",
        kind=certificate.kind,
        valid_until=f"{certificate.valid_until:%d/%m/%Y}",
    )


def certificate_options(snapshot: Snapshot, *, other: bool = False) -> tuple[ReplyOption, ...]:
    """A row for each of the contact's certificates, the next to end first."""
    ordered = sorted(snapshot.certificates, key=lambda one: one.valid_until)[:MOST_ROWS]
    titles = [f"{one.kind[:11]} · {one.valid_until:%d/%m/%y}" for one in ordered]
    rows = tuple(
        ReplyOption(
            f"slot:certificate:{one.id}",
            f"{title} ({place})" if titles.count(title) > 1 else title,
            one.holder[:72],
        )
        for place, (one, title) in enumerate(zip(ordered, titles, strict=True), start=1)
    )
    if not other:
        return rows
    last = ReplyOption("slot:certificate:other", render("row.other"), render("about.other"))
    return (*rows, last)


def certificate_with(text: str, snapshot: Snapshot) -> CertificateFacts | None:
    """The one certificate that a text names by id, kind, model, holder, day, or as the one that has
    ended or ends first; None when it names none or several.
    """
    exact = [one for one in snapshot.certificates if one.id == text]
    if exact:
        return exact[0]
    named = _named_in(text, snapshot)
    return next((group[0] for group in named if len(group) == 1), None)


def _named_in(text: str, snapshot: Snapshot) -> Iterator[list[CertificateFacts]]:
    """The certificates that each way of naming one comes to."""
    plain = normalize_text(text)
    known = sorted(snapshot.certificates, key=lambda one: one.valid_until)
    parts = parts_of_answer(text)
    kinds = [one for one in known if parts.kind and one.kind.startswith(parts.kind)]
    yield [one for one in kinds if one.kind.endswith(parts.model)]
    yield [one for one in known if parts.model and one.kind.endswith(parts.model)]
    yield [one for one in known if len(plain) > 3 and plain in normalize_text(one.holder)]
    yield [one for one in known if f"{one.valid_until:%d/%m}" in text]
    day = DAY_OF_MONTH.search(plain)
    yield [one for one in known if day and one.valid_until.day == int(day[1])]
    if EXPIRED.search(plain):
        yield [one for one in known if one.valid_until < snapshot.now.date()]
    if ENDS_FIRST.search(plain):
        yield known[:1]
