"""What each kind of message does: words to understand, media to keep, secrets to erase, signs that ask for no answer."""

from dataclasses import dataclass, field

from gatte.conversation import choices
from gatte.conversation.draft import ATTACHMENTS, Draft
from gatte.conversation.effects import AttachMedia, EraseMessage
from gatte.conversation.filling import ask_again, running
from gatte.conversation.secrets_sent import holds_password, is_key_file
from gatte.conversation.snapshot import TicketFacts
from gatte.conversation.states import State
from gatte.conversation.texts import say
from gatte.conversation.understanding import Heard, MessageKind, Understanding

ATTACHABLE = frozenset({MessageKind.IMAGE, MessageKind.DOCUMENT, MessageKind.VIDEO})
SILENT = frozenset({MessageKind.REACTION, MessageKind.SYSTEM, MessageKind.REVOKE, MessageKind.EDIT})
WORDLESS = frozenset(
    {MessageKind.AUDIO, MessageKind.STICKER, MessageKind.LOCATION, MessageKind.CONTACTS, MessageKind.ORDER, MessageKind.UNSUPPORTED}
)
MOST_ATTACHMENTS = 20
SETTLED = frozenset({"solved", "cancelled"})
"""Names of ticket states in which nobody looks at what comes."""


@dataclass(frozen=True)
class Said:
    """The words of one message and what they were understood to mean."""

    text: str
    understanding: Understanding | None = None


@dataclass
class Sorted:
    """The messages of a turn, sorted by what they are for."""

    said: list[Said] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    choice: str | None = None
    attached: list[str] = field(default_factory=list)
    wordless: list[MessageKind] = field(default_factory=list)
    refused: str = ""

    @property
    def needs_answer(self) -> bool:
        """Whether anything here calls for a reply."""
        return bool(self.said or self.choice or self.attached or self.wordless or self.refused)


def sort_out(draft: Draft, heard: tuple[Heard, ...]) -> Sorted:
    """Sort the messages; secrets and deleted messages become effects at once and are not read further."""
    sorted_out = Sorted()
    deleted = {one.target_id for one in heard if one.kind == MessageKind.REVOKE}
    for one in heard:
        if one.message_id not in deleted:
            _sort(draft, one, sorted_out)
    return sorted_out


def _sort(draft: Draft, one: Heard, into: Sorted) -> None:
    if one.kind == MessageKind.REVOKE:
        draft.do(EraseMessage(one.target_id or one.message_id, "deleted by the customer"))
    elif one.kind == MessageKind.EDIT:
        into.edits += [one.text] if one.text.strip() else []
    elif one.kind in SILENT:
        return
    elif is_key_file(one):
        _refuse(draft, one, into, "key_file")
    elif holds_password(one.text):
        _refuse(draft, one, into, "password")
    elif one.choice and (choices.is_ours(one.choice) or not one.text.strip()):
        into.choice = one.choice
    else:
        _sort_words_and_media(one, into)


def _refuse(draft: Draft, one: Heard, into: Sorted, what: str) -> None:
    draft.do(EraseMessage(one.message_id, what))
    draft.tell(say(f"trail.{what}"))
    into.refused = into.refused or what


def _sort_words_and_media(one: Heard, into: Sorted) -> None:
    if one.kind in ATTACHABLE:
        into.attached.append(one.message_id)
    if one.text.strip():
        into.said.append(Said(one.text.strip(), one.understanding))
    elif one.kind in WORDLESS or one.kind not in ATTACHABLE:
        into.wordless.append(one.kind)


def refuse(draft: Draft, what: str) -> None:
    """Warn a customer who sent a key file or a password; it is gone from here already."""
    draft.say(f"secret.{what}")


def open_ticket(draft: Draft) -> TicketFacts | None:
    """The contact's newest ticket that the desk still works on."""
    return next((one for one in draft.now.tickets if one.status not in SETTLED), None)


def attach(draft: Draft, message_ids: list[str]) -> None:
    """Keep media for what the running flow makes, or else with the open ticket."""
    kept = [one for one in draft.now.slots.get(ATTACHMENTS, "").split("|") if one]
    draft.put({ATTACHMENTS: "|".join([*kept, *message_ids][-MOST_ATTACHMENTS:])})
    if not running(draft) and open_ticket(draft):
        draft.do(AttachMedia(tuple(message_ids)))


def answer_attached(draft: Draft) -> None:
    """Say that media came, when nothing else was said with it."""
    ticket = open_ticket(draft)
    if running(draft):
        draft.say("media.attached")
        ask_again(draft)
    elif ticket:
        draft.drop(ATTACHMENTS)
        draft.say("media.attached_to_ticket", number=ticket.number)
    else:
        draft.ask(say("media.what_for"), choices.TICKET(), choices.HUMAN())


def answer_wordless(draft: Draft, kinds: list[MessageKind]) -> None:
    """A helpful word on what the bot cannot read, and the way on."""
    kind = kinds[-1] if kinds[-1] in WORDLESS else MessageKind.UNSUPPORTED
    draft.say(f"media.{kind}")
    if running(draft) and draft.now.state in {State.COLLECTING, State.CONFIRMING}:
        ask_again(draft)
