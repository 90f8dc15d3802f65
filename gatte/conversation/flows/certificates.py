"""Certificates as the customer sees them; only those registered to this contact ever reach the
core.
"""

from datetime import date

from gatte.conversation.parsing.normalize import normalize_text
from gatte.conversation.parsing.products import find_product
from gatte.conversation.replies import ReplyOption
from gatte.conversation.snapshot import CertificateFacts, Snapshot
from gatte.conversation.texts import render

MOST_ROWS = 9


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
    """The one certificate that a text names by id, kind, holder or day; None when it names none or
    several.
    """
    exact = [one for one in snapshot.certificates if one.id == text]
    if exact:
        return exact[0]
    plain = normalize_text(text)
    product = find_product(text).value
    by_kind = [
        one
        for one in snapshot.certificates
        if product and normalize_text(one.kind).startswith(normalize_text(product))
    ]
    by_holder = [
        one
        for one in snapshot.certificates
        if len(plain) > 3 and plain in normalize_text(one.holder)
    ]
    by_day = [one for one in snapshot.certificates if f"{one.valid_until:%d/%m}" in text]
    found = next((group for group in (by_kind, by_holder, by_day) if len(group) == 1), [])
    return found[0] if found else None
