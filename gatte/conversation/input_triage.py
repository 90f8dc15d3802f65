"""What each kind of message does: words to understand, media to keep, secrets to erase, signs that
ask for no answer.
"""

from dataclasses import dataclass, field

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import ATTACHMENTS, DecisionBuilder
from gatte.conversation.effects import AttachMedia, EraseMessage
from gatte.conversation.nlu import IntentPrediction, MessageKind, Utterance
from gatte.conversation.secret_detection import secret_in
from gatte.conversation.slot_filling import ask_again, current_flow
from gatte.conversation.snapshot import TicketFacts
from gatte.conversation.states import State
from gatte.conversation.texts import render

ATTACHABLE = frozenset({MessageKind.IMAGE, MessageKind.DOCUMENT, MessageKind.VIDEO})
SILENT = frozenset({MessageKind.REACTION, MessageKind.SYSTEM, MessageKind.REVOKE, MessageKind.EDIT})
WORDLESS = frozenset(
    {
        MessageKind.AUDIO,
        MessageKind.STICKER,
        MessageKind.LOCATION,
        MessageKind.CONTACTS,
        MessageKind.ORDER,
        MessageKind.UNSUPPORTED,
    }
)
MOST_ATTACHMENTS = 20
LONGEST_TEXT = 2_000
"""Characters of a message that are understood; the history keeps all of them."""
SETTLED = frozenset({"solved", "cancelled"})
"""Names of ticket states in which nobody looks at what comes."""


@dataclass(frozen=True)
class UnderstoodText:
    """The words of one message and what they were understood to mean."""

    text: str
    understanding: IntentPrediction | None = None


@dataclass
class TriagedInput:
    """The messages of a turn, sorted by what they are for."""

    said: list[UnderstoodText] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    choice: str | None = None
    attached: list[str] = field(default_factory=list)
    non_text: list[MessageKind] = field(default_factory=list)
    secrets: list[Utterance] = field(default_factory=list)

    @property
    def needs_answer(self) -> bool:
        """Whether anything here calls for a reply."""
        return bool(self.said or self.choice or self.attached or self.non_text or self.secrets)


def triage(draft: DecisionBuilder, heard: tuple[Utterance, ...]) -> TriagedInput:
    """Sort the messages; secrets and deleted messages become effects at once and are not read
    further.
    """
    sorted_out = TriagedInput()
    deleted = {one.referenced_message_id for one in heard if one.kind == MessageKind.REVOKE}
    for one in heard:
        if one.message_id not in deleted:
            _sort(draft, one, sorted_out)
    return sorted_out


def _sort(draft: DecisionBuilder, one: Utterance, into: TriagedInput) -> None:
    if one.kind == MessageKind.REVOKE:
        draft.add_effect(
            EraseMessage(one.referenced_message_id or one.message_id, "deleted by the customer")
        )
    elif one.kind == MessageKind.EDIT:
        into.edits += [one.text] if one.text.strip() else []
    elif one.kind in SILENT:
        return
    elif secret := secret_in(one):
        _refuse(draft, one, into, secret)
    elif one.choice and (option_ids.is_known_option(one.choice) or not one.text.strip()):
        into.choice = one.choice
    else:
        _sort_words_and_media(one, into)


def _refuse(draft: DecisionBuilder, one: Utterance, into: TriagedInput, secret: str) -> None:
    draft.add_effect(EraseMessage(one.message_id, secret))
    draft.log_activity(render(f"trail.{secret}"))
    into.secrets.append(one)


def _sort_words_and_media(one: Utterance, into: TriagedInput) -> None:
    if one.kind in ATTACHABLE:
        into.attached.append(one.message_id)
    if one.text.strip():
        into.said.append(UnderstoodText(one.text.strip()[:LONGEST_TEXT], one.understanding))
    elif one.kind in WORDLESS or one.kind not in ATTACHABLE:
        into.non_text.append(one.kind)


def open_ticket(draft: DecisionBuilder) -> TicketFacts | None:
    """The contact's newest ticket that the desk still works on."""
    return next((one for one in draft.snapshot.tickets if one.status not in SETTLED), None)


def attach_media(draft: DecisionBuilder, message_ids: list[str]) -> None:
    """Keep media for what the running flow makes, or else with the open ticket."""
    kept = [one for one in draft.snapshot.slots.get(ATTACHMENTS, "").split("|") if one]
    draft.set_slots({ATTACHMENTS: "|".join([*kept, *message_ids][-MOST_ATTACHMENTS:])})
    if not current_flow(draft) and open_ticket(draft):
        draft.add_effect(AttachMedia(tuple(message_ids)))


def acknowledge_attachment(draft: DecisionBuilder) -> None:
    """Say that media came, when nothing else was said with it."""
    ticket = open_ticket(draft)
    if current_flow(draft):
        draft.add_text("media.attached")
        ask_again(draft)
    elif ticket:
        draft.clear_slots(ATTACHMENTS)
        draft.add_text("media.attached_to_ticket", number=ticket.number)
    else:
        draft.add_buttons(render("media.what_for"), option_ids.TICKET(), option_ids.HUMAN())


def explain_unsupported(draft: DecisionBuilder, kinds: list[MessageKind]) -> None:
    """A helpful word on what the bot cannot read, and the way on."""
    kind = kinds[-1] if kinds[-1] in WORDLESS else MessageKind.UNSUPPORTED
    draft.add_text(f"media.{kind}")
    if current_flow(draft) and draft.snapshot.state in {State.COLLECTING, State.CONFIRMING}:
        ask_again(draft)
