"""Templates that Meta approved: listed, and sent to contacts whenever these wrote last."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from flask import url_for
from pydantic import Field, StringConstraints

from gatte.models import MessageTemplate, Scope, TemplateCategory, TemplateState
from gatte.notices import template_messages
from gatte.notices.template_messages import (
    BadTemplateValues,
    TemplateRefusal,
    TemplateRefused,
    WantedTemplate,
)
from gatte.store import message_templates as stored
from gatte.web.api.authorization import current_user_id
from gatte.web.api.contacts import require_contact
from gatte.web.api.endpoint import Answer, Endpoint, single
from gatte.web.api.messages import MessageResource, message_resource
from gatte.web.api.schema import NO_NUL, ApiModel, Moment
from gatte.web.problems import Problem

TAG = "templates"
MOST_VALUES = 50
TemplateName = Annotated[
    str, StringConstraints(min_length=1, max_length=512, pattern=r"^[a-z0-9_]+$")
]
Language = Annotated[str, StringConstraints(min_length=2, max_length=15, pattern=r"^[A-Za-z_]+$")]
VariableName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL)]
VariableValue = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=NO_NUL)]
REFUSED: dict[TemplateRefusal, str] = {
    TemplateRefusal.NO_TEMPLATE: (
        "The company has no template of this name in this language: list them, or run"
        " `flask templates sync` when it is new."
    ),
    TemplateRefusal.NOT_APPROVED: "Meta has not approved this template, or has paused it.",
    TemplateRefusal.NOT_SUPPORTED: (
        "Only templates whose variables stand in their text can be sent, and none that Meta takes"
        " for authentication."
    ),
    TemplateRefusal.NO_NUMBER: (
        "The settings name no number to send from: set WHATSAPP_PHONE_NUMBER_ID and"
        " WHATSAPP_BUSINESS_ACCOUNT_ID."
    ),
    TemplateRefusal.UNREACHABLE: "No message can reach this contact from the company's number.",
    TemplateRefusal.OPTED_OUT: "The contact asked for no notices.",
    TemplateRefusal.NO_MARKETING: (
        "Meta takes this template for marketing, and the contact has not allowed that."
    ),
    TemplateRefusal.SERVED_BY_ANOTHER: (
        "A person is in conversation with the contact: wait until they are done."
    ),
}
"""What is said to a program for each refusal, all with status 409."""


class TemplateVariable(ApiModel):
    """A place of a template that a value goes into."""

    component: str = Field(description="header, body or button; only those of the body can be set.")
    name: str = Field(description="A number such as 1 where the template does not name it.")
    kind: str = Field(description="text, image and so on.")


class TemplateButton(ApiModel):
    kind: str
    text: str


class MessageTemplateResource(ApiModel):
    """A template in one language as Meta listed it last."""

    id: UUID
    name: str
    language: str
    category: TemplateCategory
    state: TemplateState = Field(description="Only `approved` ones can be sent.")
    body: str
    variables: list[TemplateVariable]
    buttons: list[TemplateButton]
    synced_at: Moment


class MessageTemplateList(ApiModel):
    items: list[MessageTemplateResource]


class NewTemplateMessage(ApiModel):
    """A template with the values of its variables, by their names."""

    name: TemplateName
    language: Language = "pt_BR"
    values: dict[VariableName, VariableValue] = Field(default_factory=dict, max_length=MOST_VALUES)


def template_resource(row: MessageTemplate) -> MessageTemplateResource:
    """A template as the API shows it."""
    return MessageTemplateResource(
        id=row.id,
        name=row.name,
        language=row.language,
        category=row.category,
        state=row.state,
        body=row.body,
        variables=[TemplateVariable(**one) for one in row.variables],
        buttons=[TemplateButton(**one) for one in row.buttons],
        synced_at=row.synced_at,
    )


@Endpoint(
    "GET", "/message-templates", TAG, Scope.MESSAGES_READ, MessageTemplateList, refusals=(409,)
)
def list_message_templates() -> MessageTemplateList:
    """All templates of the company's WhatsApp account, by name and language."""
    try:
        account = template_messages.account()
    except TemplateRefused as refused:
        raise _problem(refused) from None
    rows = stored.list_templates(account)
    return MessageTemplateList(items=[template_resource(row) for row in rows])


@Endpoint(
    "POST",
    "/contacts/<uuid:contact_id>/template-messages",
    TAG,
    Scope.MESSAGES_WRITE,
    MessageResource,
    status=201,
    refusals=(409,),
    idempotent=True,
)
def send_template_message(contact_id: UUID, json: NewTemplateMessage) -> Answer:
    """Send an approved template to a contact, whenever they wrote last.

    It goes in the name of the token's user, and into the contact's open conversation where there is
    one; the bot keeps what it has. 409 when the contact wants no notices, when Meta takes the
    template for marketing and the contact has not allowed that, or when another person has the
    conversation. Meta charges for templates.
    """
    contact = require_contact(contact_id)
    wanted = WantedTemplate(json.name, json.language, json.values)
    try:
        message = template_messages.send(contact, wanted, current_user_id())
    except TemplateRefused as refused:
        raise _problem(refused) from None
    except BadTemplateValues as bad:
        raise _bad_values(bad) from None
    place = url_for("api.get_message", message_id=message.id)
    return single(message_resource(message), 201, {"Location": place})


def _problem(refused: TemplateRefused) -> Problem:
    return Problem(409, REFUSED[refused.refusal], kind=refused.refusal.value)


def _bad_values(bad: BadTemplateValues) -> Problem:
    errors = [
        {"place": "body", "pointer": f"/values/{quote(name, safe='')}", "detail": reason}
        for name, reason in bad.problems.items()
    ]
    return Problem(
        422,
        "The values are not those of the template's variables: `errors` says which.",
        kind="bad-template-values",
        errors=errors,
    )
