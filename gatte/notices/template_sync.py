"""Reading the company's templates from Meta: no transaction is open while Meta is asked."""

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from gatte import delivery
from gatte.models import NoticePurpose
from gatte.notices import purposes, template_choice
from gatte.notices.template_choice import NoticeNumber
from gatte.store import message_templates
from gatte.whatsapp.template_list import ListedTemplate

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SyncResult:
    """How many templates Meta lists, how many it does not list any more, and the purposes that got
    the template of the name that we suggest.
    """

    listed: int
    deleted: int
    assigned: tuple[NoticePurpose, ...]


def fetch(number: NoticeNumber) -> list[ListedTemplate]:
    """What Meta lists now; raises what `CloudClient.list_templates` raises. The caller has no
    transaction open.
    """
    return delivery.client_for(number.phone_number_id).list_templates(number.business_account_id)


def store(number: NoticeNumber, listed: list[ListedTemplate]) -> SyncResult:
    """Store what Meta listed, and let purposes without a template have the one of the name that we
    suggest. The caller commits.
    """
    message_templates.lock_sync()
    now = datetime.now(UTC)
    for one in listed:
        message_templates.upsert(number.business_account_id, one, now)
    deleted = message_templates.mark_deleted_before(number.business_account_id, now)
    assigned = tuple(purpose for purpose in NoticePurpose if _assign_suggested(purpose, number))
    log.info("templates_synced", listed=len(listed), deleted=deleted)
    return SyncResult(len(listed), deleted, assigned)


def _assign_suggested(purpose: NoticePurpose, number: NoticeNumber) -> bool:
    """Whether a purpose that had no template of this account has one now."""
    if message_templates.find_of_purpose(purpose, number.business_account_id) is not None:
        return False
    name = purposes.RULES[purpose].suggested_name
    for template in message_templates.list_templates(number.business_account_id):
        if template.name == name and not template_choice.problem_with(purpose, template):
            message_templates.assign(purpose, template.id)
            return True
    return False
