"""Which template serves a purpose, and a notice made of it; a purpose that has none is refused in
words that say what to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gatte import services
from gatte.conversation.replies import TemplateReply
from gatte.models import MessageTemplate, NoticePurpose, TemplateCategory, TemplateState
from gatte.notices import purposes
from gatte.store import message_templates
from gatte.whatsapp.simulator import SIMULATOR_NUMBER
from gatte.whatsapp.template_list import fill

SIMULATED_ACCOUNT = "simulator"


class NoApprovedTemplate(Exception):
    """A purpose has no template that can be sent; the message says, in Portuguese, what to do."""


class NoNoticeNumber(Exception):
    """The settings do not say from which number notices leave."""


@dataclass(frozen=True)
class NoticeNumber:
    """A number of the company from which notices leave, and its WhatsApp Business account."""

    phone_number_id: str
    business_account_id: str


def notice_number() -> NoticeNumber:
    """The number from which notices leave, the same in every process: that of the settings, or the
    simulator's. NoNoticeNumber when the settings lack it.
    """
    settings = services.settings()
    if settings.notices_are_simulated:
        return NoticeNumber(SIMULATOR_NUMBER, SIMULATED_ACCOUNT)
    number = settings.whatsapp_phone_number_id
    account = settings.whatsapp_business_account_id
    if not number or not account:
        raise NoNoticeNumber(
            "Defina WHATSAPP_PHONE_NUMBER_ID e WHATSAPP_BUSINESS_ACCOUNT_ID:"
            " sem eles nenhum aviso sai."
        )
    return NoticeNumber(number, account)


@dataclass(frozen=True)
class ChosenTemplate:
    """An approved template that serves a purpose."""

    purpose: NoticePurpose
    template: MessageTemplate

    @property
    def is_marketing(self) -> bool:
        """Whether Meta takes it for marketing: only who allowed that gets it."""
        return self.template.category is TemplateCategory.MARKETING

    def reply(self, values: Mapping[str, str]) -> TemplateReply:
        """The message with these values, by the names that the purpose gives them."""
        wanted = purposes.RULES[self.purpose].variables
        names = [str(one["name"]) for one in self.template.variables]
        is_named = set(names) == set(wanted)
        by_place = dict(zip(names, names if is_named else wanted, strict=True))
        filled = {name: values[key] for name, key in by_place.items()}
        return TemplateReply(
            name=self.template.name,
            language=self.template.language,
            parameters=tuple(filled.values()),
            parameter_names=tuple(names) if is_named else (),
            payloads=purposes.payloads_of(self.template),
            text=fill(self.template.body, filled),
        )


def choose(purpose: NoticePurpose, number: NoticeNumber) -> ChosenTemplate:
    """The template of a purpose; NoApprovedTemplate when none can be sent."""
    title = purposes.RULES[purpose].title
    template = message_templates.find_of_purpose(purpose, number.business_account_id)
    if template is None:
        raise NoApprovedTemplate(
            f"{title}: nenhum modelo foi escolhido. Aprove um modelo na Meta, rode"
            f" `flask templates sync` e depois `flask templates use {purpose.value} NOME`."
        )
    problem = problem_with(purpose, template)
    if problem:
        raise NoApprovedTemplate(f"{title}: o modelo {template.name} {problem}.")
    return ChosenTemplate(purpose, template)


def problem_with(purpose: NoticePurpose, template: MessageTemplate) -> str:
    """Why a template cannot be sent for a purpose, in Portuguese; empty when it can."""
    if template.state is not TemplateState.APPROVED:
        return "não está aprovado pela Meta: veja o motivo no Gerenciador do WhatsApp"
    if template.category is TemplateCategory.AUTHENTICATION:
        return "é de autenticação e não serve para avisos"
    return purposes.mismatch(purpose, template)


def assign(purpose: NoticePurpose, name: str, language: str) -> MessageTemplate:
    """Let a template serve a purpose; NoApprovedTemplate when it cannot."""
    number = notice_number()
    template = message_templates.find_template(number.business_account_id, name, language)
    if template is None:
        raise NoApprovedTemplate(
            f"não há modelo {name} em {language}: rode `flask templates sync` e confira o nome"
        )
    problem = problem_with(purpose, template)
    if problem:
        raise NoApprovedTemplate(f"o modelo {name} {problem}")
    message_templates.assign(purpose, template.id)
    return template
