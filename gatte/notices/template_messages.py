"""One approved template to one contact, at the word of a person or a program: what may be sent when
nobody has written for 24 hours, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from gatte.conversation.replies import TemplateReply
from gatte.conversation.snapshot import Owner
from gatte.intake import contact_identity
from gatte.models import (
    Author,
    ConsentKind,
    Contact,
    Conversation,
    Message,
    MessageTemplate,
    TemplateCategory,
    TemplateState,
)
from gatte.notices import purposes, template_choice
from gatte.notices.template_choice import NoticeNumber
from gatte.store import (
    StatementBatch,
    audit,
    consents,
    conversations,
    message_templates,
    messages,
    notice_audience,
    outbox,
)
from gatte.store.conversations import NoticeConversation
from gatte.store.outbox import OutgoingReply
from gatte.whatsapp.outbound import PARAMETER_LIMIT
from gatte.whatsapp.simulator import SIMULATOR_NUMBER
from gatte.whatsapp.template_list import fill


class TemplateRefusal(StrEnum):
    """Why a template does not go to a contact."""

    NO_TEMPLATE = "no-template"
    NOT_APPROVED = "template-not-approved"
    NOT_SUPPORTED = "template-not-supported"
    NO_NUMBER = "no-notice-number"
    UNREACHABLE = "contact-unreachable"
    OPTED_OUT = "contact-opted-out"
    NO_MARKETING = "no-marketing-consent"
    SERVED_BY_ANOTHER = "served-by-another"


class TemplateRefused(Exception):
    """A template does not go to a contact; `refusal` says why."""

    def __init__(self, refusal: TemplateRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class BadTemplateValues(Exception):
    """The values are not those of the template's variables; `problems` says why, by variable."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class WantedTemplate:
    """A template by its name and language, with the values of its variables by their names: numbers
    such as "1" where the template does not name them.
    """

    name: str
    language: str
    values: Mapping[str, str]


def send(contact: Contact, wanted: WantedTemplate, user_id: int) -> Message:
    """Let a template leave for a contact in the name of a user. It stands in the contact's open
    conversation, or in one that holds notices alone; whoever has that conversation keeps it.

    TemplateRefused or BadTemplateValues when it cannot be sent: then nothing is.
    """
    number = _number()
    template = _template(number.business_account_id, wanted)
    reply = _reply(template, wanted.values)
    _check_contact(contact, template, number)
    conversation = notice_audience.find_conversation(contact.id, number.phone_number_id)
    if conversation is not None and _has_another_agent(conversation, user_id):
        raise TemplateRefused(TemplateRefusal.SERVED_BY_ANOTHER)
    batch = StatementBatch()
    outgoing = OutgoingReply(reply, Author.AGENT, user_id=user_id)
    place = conversation or _notice_conversation(batch, contact, number.phone_number_id)
    outbox.stage(batch, place, outgoing)
    batch.execute()
    details = {"template": template.name, "message": str(outgoing.id)}
    audit.record(user_id, "template.send", f"contact:{contact.id}", details)
    return messages.get_message(outgoing.id)


def account() -> str:
    """The WhatsApp Business account whose templates can be sent; TemplateRefused when the settings
    do not name one.
    """
    return _number().business_account_id


def _number() -> NoticeNumber:
    try:
        return template_choice.notice_number()
    except template_choice.NoNoticeNumber:
        raise TemplateRefused(TemplateRefusal.NO_NUMBER) from None


def _template(business_account_id: str, wanted: WantedTemplate) -> MessageTemplate:
    template = message_templates.find_template(business_account_id, wanted.name, wanted.language)
    if template is None:
        raise TemplateRefused(TemplateRefusal.NO_TEMPLATE)
    if template.state is not TemplateState.APPROVED:
        raise TemplateRefused(TemplateRefusal.NOT_APPROVED)
    in_body = all(one["component"] == purposes.BODY for one in template.variables)
    if template.category is TemplateCategory.AUTHENTICATION or not in_body:
        raise TemplateRefused(TemplateRefusal.NOT_SUPPORTED)
    return template


def _reply(template: MessageTemplate, values: Mapping[str, str]) -> TemplateReply:
    """The message with its values in place; BadTemplateValues when one is missing or too many."""
    names = [str(one["name"]) for one in template.variables]
    filled = {name: " ".join(values.get(name, "").split()) for name in names}  # as Meta wants it
    unknown = sorted(set(values) - set(names))
    problems = dict.fromkeys(unknown, "is no variable of the template")
    for name, value in filled.items():
        if not value:
            problems[name] = "is missing or empty"
        elif len(value) > PARAMETER_LIMIT:
            problems[name] = f"is longer than {PARAMETER_LIMIT} characters"
    if problems:
        raise BadTemplateValues(problems)
    are_numbers = all(name.isdecimal() for name in names)
    return TemplateReply(
        name=template.name,
        language=template.language,
        parameters=tuple(filled.values()),
        parameter_names=() if are_numbers else tuple(names),
        payloads=purposes.payloads_of(template),
        text=fill(template.body, filled),
    )


def _check_contact(contact: Contact, template: MessageTemplate, number: NoticeNumber) -> None:
    """TemplateRefused unless the company may and can write to the contact from this number."""
    has_address = bool(contact.phone or contact.bsuid)
    if contact.erased_at is not None or not has_address or _is_simulated(contact, number):
        raise TemplateRefused(TemplateRefusal.UNREACHABLE)
    refused = consents.find_granted(contact.id, ConsentKind.SERVICE) is False
    if contact.opted_out_at is not None or refused:
        raise TemplateRefused(TemplateRefusal.OPTED_OUT)
    is_marketing = template.category is TemplateCategory.MARKETING
    if is_marketing and consents.find_granted(contact.id, ConsentKind.MARKETING) is not True:
        raise TemplateRefused(TemplateRefusal.NO_MARKETING)


def _is_simulated(contact: Contact, number: NoticeNumber) -> bool:
    """Whether a real number would write to a customer of the simulator, whose phone may be that of
    somebody else.
    """
    if number.phone_number_id == SIMULATOR_NUMBER:
        return False
    return conversations.find_latest(contact.id, SIMULATOR_NUMBER) is not None


def _has_another_agent(conversation: Conversation, user_id: int) -> bool:
    served = conversation.closed_at is None and conversation.owner is Owner.HUMAN
    return served and conversation.assignee_id not in (None, user_id)


def _notice_conversation(
    batch: StatementBatch, contact: Contact, phone_number_id: str
) -> NoticeConversation:
    """A conversation that holds notices alone, added to the batch."""
    if contact.data_key_id is None:
        raise TemplateRefused(TemplateRefusal.UNREACHABLE)
    return conversations.add_notice_conversation(
        batch,
        contact.id,
        contact.data_key_id,
        phone_number_id=phone_number_id,
        correlation_id=contact_identity.new_correlation_id(),
        at=datetime.now(UTC),
    )
