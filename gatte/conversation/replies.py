"""What the bot can say: plain text, reply buttons, a list or a template; `whatsapp.outbound` turns
these into Cloud API bodies.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class ReplyOption:
    """A button or list row: the id that comes back when it is tapped, its title, and for a row a
    description.
    """

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class TextReply:
    """A plain text message."""

    body: str


@dataclass(frozen=True)
class ButtonsReply:
    """A text with one to three reply buttons."""

    body: str
    options: tuple[ReplyOption, ...]


@dataclass(frozen=True)
class MenuReply:
    """A text with a button that opens a list of up to ten rows."""

    body: str
    button: str
    options: tuple[ReplyOption, ...]


@dataclass(frozen=True)
class TemplateReply:
    """An approved template message: its name, language code and the values of its body parameters,
    in order; where the template names its variables, `parameter_names` has their names.

    `payloads` are what its quick-reply buttons bring back when they are tapped, in order; `text` is
    the template's body with the values in place, for the history. `copied_code` is what the button
    of an authentication template copies.
    """

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    parameter_names: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()
    text: str = ""
    copied_code: str = ""


Reply = TextReply | ButtonsReply | MenuReply | TemplateReply

TICKET_NUMBER = "{ticket_number}"
"""Stands in a reply for the number of the ticket that the decision opens: the desk gives it."""


def with_ticket_number(reply: Reply, number: int | None) -> Reply:
    """The reply with the number of the ticket in its place."""
    if isinstance(reply, TemplateReply) or number is None:
        return reply
    return replace(reply, body=reply.body.replace(TICKET_NUMBER, str(number)))


KINDS: dict[str, type[TextReply] | type[ButtonsReply] | type[MenuReply] | type[TemplateReply]] = {
    "text": TextReply,
    "buttons": ButtonsReply,
    "menu": MenuReply,
    "template": TemplateReply,
}


def kind_of(reply: Reply) -> str:
    """The stored name of a reply's kind: text, buttons, menu or template."""
    return next(name for name, kind in KINDS.items() if isinstance(reply, kind))


def to_json(reply: Reply) -> dict[str, Any]:
    """A reply as JSON values, with its kind; `from_json` reads it back."""
    return {"kind": kind_of(reply), **asdict(reply)}


def from_json(stored: dict[str, Any]) -> Reply:
    """The reply that `to_json` wrote; KeyError on an unknown kind."""
    fields = dict(stored)
    kind = KINDS[fields.pop("kind")]
    if "options" in fields:
        fields["options"] = tuple(ReplyOption(**option) for option in fields["options"])
    for name in ("parameters", "parameter_names", "payloads"):
        if name in fields:
            fields[name] = tuple(fields[name])
    return kind(**fields)


def text_of(reply: Reply) -> str:
    """The words of a reply, for the history: its body, or a template's text where it is known, else
    its name and parameters.
    """
    if isinstance(reply, TemplateReply) and reply.text:
        return reply.text
    if isinstance(reply, TemplateReply):
        return f"[{reply.name}] {' · '.join(reply.parameters)}".strip()
    return reply.body
