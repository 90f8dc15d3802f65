"""One run over everything of which contacts are to be reminded now."""

from collections.abc import Callable, Iterator
from datetime import datetime

from gatte import services
from gatte.models import NoticePurpose
from gatte.notices import appointment_reminders, certificate_reminders, template_choice
from gatte.notices.notice_queue import ReminderStep
from gatte.notices.template_choice import NoApprovedTemplate, NoNoticeNumber, NoticeNumber


def queue_due(now: datetime) -> Iterator[ReminderStep]:
    """Queue every reminder that is due at a local time, a batch at each step, for the caller to
    commit. What keeps one kind back is told in a step, and keeps no other back.
    """
    try:
        number = template_choice.notice_number()
    except NoNoticeNumber as missing:
        yield ReminderStep("certificates", problem=str(missing))
        return
    if services.settings().gatte_certificate_reminders:
        yield from _certificates(NoticePurpose.CERTIFICATE_EXPIRING, number, now)
        yield from _certificates(NoticePurpose.CERTIFICATE_EXPIRED, number, now)
    if appointment_reminders.windows(now):
        yield from _told(
            "appointments",
            lambda: appointment_reminders.queue_due(number, now),
        )


def _certificates(
    purpose: NoticePurpose, number: NoticeNumber, now: datetime
) -> Iterator[ReminderStep]:
    yield from _told(
        "certificates",
        lambda: certificate_reminders.queue_due(purpose, number, now),
    )


def _told(subject: str, queue: Callable[[], Iterator[ReminderStep]]) -> Iterator[ReminderStep]:
    """The steps of one kind; a step that tells the problem when it has no template."""
    try:
        yield from queue()
    except NoApprovedTemplate as missing:
        yield ReminderStep(subject, problem=str(missing))
