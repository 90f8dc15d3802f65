"""The identity check: whoever asks from another number for what is registered to a contact shows,
by a code that was sent to that contact, that it is them.

Nobody learns here whether a document or a ticket is known: the question is the same for all.
"""

import re
from collections.abc import Callable

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import SendIdentityCode
from gatte.conversation.flows.base import Slot
from gatte.conversation.parsing.normalize import ParseResult, normalize_text, union
from gatte.conversation.replies import TemplateReply, TextReply
from gatte.conversation.snapshot import IdentityState, Snapshot
from gatte.conversation.texts import render

IDENTITY_FLAG = "identity"
"""Marks a conversation in which a code was asked for, so that no other turn looks for one."""
PROVEN, OVER = "proven", "over"
SIX_DIGITS = re.compile(r"(?<![\d.,])\d{3}[ .-]?\d{3}(?![\d,]|\.\d)")

HAS_NO_CODE = union(
    r"\b(?:nao|n|num|nunca|ninguem|nenhum|nada|sem|cade|nem)\b",
    r"\b(?:perdi|troquei|mudei|roubaram|quebrou|desativ\w+|cancelei)\b",
    r"\b(?:antig[oa]|velh[oa]|outr[oa]) (?:numero|chip|celular|telefone|aparelho|linha)\b",
    r"\b(?:numero|chip|celular|telefone|aparelho|linha) (?:e |era |ja e )?(?:o )?"
    r"(?:antig[oa]|velh[oa])\b",
)
"""Words of somebody to whom no code came, or who cannot look where it went."""
WAITS_FOR_CODE = union(
    r"\b(?:pera|perai|espera|calma|aguarda|guenta|um (?:minuto|momento|segundo)|so um|1 min)\b"
)


def has_no_code(text: str) -> bool:
    """Whether an answer to the question for the code says that there is none to be had; who only
    needs a moment has one still to come.
    """
    plain = normalize_text(text)
    without = bool(HAS_NO_CODE.search(plain)) and not WAITS_FOR_CODE.search(plain)
    return without and code_in(text) is None


def code_in(text: str) -> str | None:
    """The six digits of the one code in a text; None when it holds none, or several to choose
    from.
    """
    found = {re.sub(r"\D", "", code) for code in SIX_DIGITS.findall(text)}
    return found.pop() if len(found) == 1 else None


def identity_code(
    required_if: Callable[[Snapshot], bool], subject: Callable[[Snapshot], SendIdentityCode]
) -> Slot:
    """The slot for the code; `subject` says what the customer wants to see."""

    def send(draft: DecisionBuilder) -> None:
        draft.set_flag(IDENTITY_FLAG)
        draft.add_effect(subject(draft.snapshot))

    return Slot(
        "identity_code",
        parse_answer=_parse_code,
        required_if=required_if,
        options=lambda _snapshot: (option_ids.HUMAN(),),
        before_asking=send,
        person_if=has_no_code,
        synonyms=("código", "codigo"),
    )


def _parse_code(text: str, snapshot: Snapshot) -> ParseResult:
    """Whether the code that a text holds was the right one, which the snapshot knows."""
    if snapshot.identity.state is IdentityState.PROVEN:
        return ParseResult(PROVEN)
    if snapshot.identity.state is IdentityState.OVER:
        return ParseResult(OVER)
    problem = "identity_code_missing" if code_in(text) is None else "identity_code_wrong"
    return ParseResult(problem=problem)


def code_message(code: str, minutes: int) -> TextReply:
    """What the registered contact is sent, valid for so many minutes."""
    return TextReply(render("identity.code", code=code, minutes=minutes))


def code_template(code: str, name: str, language: str) -> TemplateReply:
    """The company's authentication template with the code, which its button copies; the history
    does not show it.
    """
    told = render("identity.template_sent")
    return TemplateReply(name, language, parameters=(code,), text=told, copied_code=code)


def refuse(draft: DecisionBuilder) -> None:
    """Tell that nothing can be told by this code, and offer a person who can check."""
    draft.add_buttons(render("identity.over"), option_ids.HUMAN(), option_ids.MENU())
