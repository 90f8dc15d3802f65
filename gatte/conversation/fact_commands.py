"""Questions on facts among the commands of a turn: found in the customer's words, or in the words
of a question that a model read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gatte.conversation.commands import (
    Command,
    FlowWish,
    LabelScore,
    OffTopic,
    Question,
    RequestHuman,
    StartFlow,
    TurnReading,
)
from gatte.conversation.fact_details import products_in
from gatte.conversation.fact_questions import FactQuestion, QuestionContext, ReadClauses, find
from gatte.conversation.fact_topics import FactTopic
from gatte.conversation.fallback import looks_like_question
from gatte.conversation.flows.certificates import chosen_certificate
from gatte.conversation.nlu import Intent, PredictionSource
from gatte.conversation.parsing.normalize import normalize_text, union, words
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State

TOPIC_FLAG = "fact_topic"
PRODUCTS_FLAG = "fact_products"
"""Marks of the conversation: what fact was asked for last, and of which products."""
SURE_OF_QUESTION = 0.08
"""Where a model gives "question" less than this, words without a question mark are none."""
SURE_OF_OTHER = 0.5
"""From here on a model is sure that a text is something else than a question."""
ASKED_OF_OTHERS = frozenset({FactTopic.PRICE, FactTopic.DISCOUNT, FactTopic.PAYMENT})
TOLD = frozenset(
    {"Escalate", "Complain", "WrongPerson", "Hostile", "LeaveQueue", "CancelFlow", "Affirm", "Skip"}
)
WANTS_IT = union(
    r"\b(?:quero|queria|preciso|vou|gostaria de)\b.{0,15}\b(?:comprar|fazer|tirar|renovar|agendar"
    r"|marcar|adquirir|emitir|contratar|pedir|abrir)\b",
    r"\b(?:vou querer|vamos fazer|pode fazer|bora fazer|quero o|quero um|quero uma|quero esse)\b",
)
"""A question on a price beside words like these is a wish too."""
FLOW_OF_RECORD: dict[FactTopic, FlowWish] = {
    FactTopic.MY_TICKET: "ticket_status",
    FactTopic.MY_CERTIFICATE: "certificate_status",
}
LONGEST_REST = 3
"""Words up to which what stands beside a question on facts is no question of its own."""
ASKED_BESIDE = frozenset(
    {"lead", "renewal", "schedule", "ticket_status", "certificate_status", "data_rights"}
)
"""Flows that a model hears in a question on facts; they start only when they are wished for."""


def context_of(snapshot: Snapshot) -> QuestionContext:
    """Where a question is asked in this conversation."""
    products = snapshot.flags.get(PRODUCTS_FLAG, "")
    return QuestionContext(
        now=snapshot.now,
        topic=snapshot.flags.get(TOPIC_FLAG, ""),
        products=tuple(one for one in products.split("|") if one),
        wanted=_wanted(snapshot),
        in_form=bool(snapshot.flow),
        waiting=snapshot.state is State.WAITING_HUMAN,
    )


def _wanted(snapshot: Snapshot) -> tuple[str, ...]:
    """The product that a running form is about: the wanted one, or the certificate that is
    renewed; nothing while it is undecided.
    """
    slots = snapshot.slots
    renewed = chosen_certificate(snapshot)
    kind = renewed.kind if renewed else ""
    product = slots.get("product", "") or kind or slots.get("product_part", "")
    return (product,) if snapshot.flow and products_in(normalize_text(product)) else ()


def questions_in(
    text: str, snapshot: Snapshot, reading: TurnReading, before: Sequence[Command] = ()
) -> list[Command]:
    """The questions of a message that asks for facts, and what else it asks; empty when it asks for
    none. `before` is what was read in the messages before it: "e o de token?" lives on them.
    """
    if _is_story(text, snapshot):
        return []
    found = find(text, _context_after(before, context_of(snapshot)))
    if not found.questions or _denied(text, found, reading):
        return []
    return list(_as_commands(found, text, snapshot))


def _context_after(before: Sequence[Command], context: QuestionContext) -> QuestionContext:
    """The context in which a message asks that follows others of the same turn."""
    facts = [fact for one in before if isinstance(one, Question) for fact in one.facts]
    if not facts:
        return context
    last = facts[-1]
    return replace(context, topic=last.topic, products=last.products or context.products)


def _is_story(text: str, snapshot: Snapshot) -> bool:
    """Whether the text answers a slot that takes any words, and has no question mark."""
    return snapshot.requested_slot in {"subject", "description", "value"} and "?" not in text


def _denied(text: str, found: ReadClauses, reading: TurnReading) -> bool:
    """Whether a model is sure that this is no question to the company: it tells something, or asks
    what others charge.
    """
    if not reading.labels:
        return False
    asks = reading.probability("Question")
    strays = reading.probability("OffTopic")
    of_others = all(one.topic in ASKED_OF_OTHERS and not one.products for one in found.questions)
    if of_others and strays > max(asks, SURE_OF_OTHER):
        return True
    told = (one.probability for one in reading.labels if _is_told(one))
    tells = max(told, default=0.0)
    return "?" not in text and asks < SURE_OF_QUESTION and tells > SURE_OF_OTHER


def _is_told(label: LabelScore) -> bool:
    """Whether a label stands for something that is told, not asked."""
    return label.label.partition(":")[0] in TOLD


def _as_commands(found: ReadClauses, text: str, snapshot: Snapshot) -> Iterator[Command]:
    starts = [one for one in found.questions if _starts_flow(one, snapshot)]
    for one in starts:
        yield StartFlow(FLOW_OF_RECORD[one.topic], span=one.text)
    facts = tuple(one for one in found.questions if one not in starts)
    if facts:
        told = "\n".join(dict.fromkeys(one.text for one in facts))
        yield Question(told, _intent(facts), span=text, facts=facts)
    rest = [one for one in found.rest if _is_own_question(one)]
    if rest:
        yield Question("\n".join(rest), span=text)


def _is_own_question(text: str) -> bool:
    """Whether what stands beside a question on facts asks something else."""
    return len(words(text)) > LONGEST_REST and looks_like_question(text)


def _starts_flow(question: FactQuestion, snapshot: Snapshot) -> bool:
    """Whether a flow of its own tells this record: it can ask for what it needs."""
    idle = not snapshot.flow and snapshot.state is not State.WAITING_HUMAN
    return idle and question.topic in FLOW_OF_RECORD


def _intent(facts: Sequence[FactQuestion]) -> Intent | None:
    topics = {one.topic for one in facts}
    if topics & {FactTopic.PRICE, FactTopic.DISCOUNT}:
        return Intent.PRICE
    return Intent.INVOICE_OR_PAYMENT if FactTopic.PAYMENT in topics else Intent.FAQ


def with_facts(commands: Iterable[Command], snapshot: Snapshot) -> Iterator[Command]:
    """The commands, where each question knows the facts that it asks for; flows that are only heard
    in such a question, and straying, are left out.
    """
    read = [one for command in commands for one in _with_facts(command, snapshot)]
    asking = [one for one in read if isinstance(one, Question) and one.facts]
    for one in read:
        spoken = "\n".join(asked.span or asked.text for asked in asking)
        wished = bool(WANTS_IT.search(normalize_text(spoken)))
        only_heard = isinstance(one, StartFlow) and one.flow in ASKED_BESIDE and not wished
        strays = isinstance(one, OffTopic) or (only_heard and one.source != PredictionSource.RULE)
        if asking and (strays or _only_asks_for_channel(one, asking)):
            continue
        yield one


def _only_asks_for_channel(command: Command, asking: Sequence[Question]) -> bool:
    """Whether a model heard a wish for a person in "tem telefone fixo?"."""
    heard = isinstance(command, RequestHuman) and command.source == PredictionSource.LOCAL
    topics = {one.topic for question in asking for one in question.facts}
    return heard and FactTopic.CHANNEL in topics


def _with_facts(command: Command, snapshot: Snapshot) -> Iterator[Command]:
    if not isinstance(command, Question) or command.facts:
        yield command
        return
    found = find(command.text, context_of(snapshot))
    rest = "\n".join(found.rest)
    if not found.questions:
        yield command
        return
    told = "\n".join(one.text for one in found.questions)
    yield replace(command, text=told, facts=found.questions)
    if _is_own_question(rest):
        yield replace(command, text=rest, facts=())
