"""The answer to all questions of a turn: facts of the company by code, the rest by the knowledge
base.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gatte.business_hours import BusinessHours
from gatte.conversation import fact_answers
from gatte.conversation.company_facts import CompanyFacts
from gatte.conversation.fact_answers import FactAnswer
from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.snapshot import AnswerFound, AnswerNotFound
from gatte.intelligence import service
from gatte.intelligence.gemini.client import History

if TYPE_CHECKING:
    from gatte.intelligence.knowledge.version import KnowledgeBaseVersion
    from gatte.intelligence.pseudonymization import Record
    from gatte.intelligence.responder import Answer

_NOTHING_SEARCHED: dict[str, Any] = {
    "probability": 0.0,
    "sources": [],
    "passages": [],
    "problems": [],
}
"""The trace of an answer for which no passage was looked up."""


@dataclass(frozen=True)
class AskedOfTurn:
    """What a turn asks: all of it, a question a line, what of it facts may answer, and what is
    remembered of who asks; `hardened` when the guard suspects the customer's words.
    """

    text: str
    fact_questions: tuple[FactQuestion, ...]
    facts: CompanyFacts
    hours: BusinessHours
    now: datetime
    record: "Record | None" = None
    memory: Mapping[str, str] = field(default_factory=dict)
    hardened: bool = False

    @property
    def beside_facts(self) -> list[str]:
        """The lines that ask for no fact."""
        about_facts = {one.text for one in self.fact_questions}
        return [line for line in self.text.splitlines() if line and line not in about_facts]


def answer_turn(
    asked: AskedOfTurn, history: History, edition: "KnowledgeBaseVersion | None"
) -> tuple[AnswerFound | AnswerNotFound, dict[str, Any]]:
    """What the core is told, and the trace of how it came about, as JSON values."""
    told = fact_answers.answer(asked.fact_questions, asked.facts, asked.hours, asked.now)
    left = [*asked.beside_facts, *(one.text for one in told.open_questions)]
    found = (
        service.answer_question(
            "\n".join(left),
            history,
            edition,
            asked.record,
            asked.memory,
            hardened=asked.hardened,
        )
        if left
        else None
    )
    trace = _trace(told, found)
    article = found.text if found is not None else None
    if article is None and told.open_questions:
        told = _with_fallback(told)
    if article is None and not told.text:
        return AnswerNotFound(), trace
    answer = AnswerFound(
        text=article or "",
        sources=found.sources if found is not None else (),
        short=found.short if found is not None else "",
        fact_text=told.text,
        facts=told.used,
        offers_person=told.offers_person,
    )
    return answer, trace


def tell_whole_article(slug: str) -> tuple[AnswerFound | AnswerNotFound, dict[str, Any]]:
    """The whole answer of an article, for who has read its short form; not found when the article
    is gone.
    """
    text = service.whole_answer(slug)
    if text is None:
        return AnswerNotFound(), _NOTHING_SEARCHED | {"why": "article_gone"}
    trace = _NOTHING_SEARCHED | {"why": "whole_article", "sources": [slug]}
    return AnswerFound(text=text, sources=(slug,)), trace


def _with_fallback(told: FactAnswer) -> FactAnswer:
    """What facts say, with a word on what nobody knows here; a person is offered."""
    sentences = [fact_answers.fallback_sentence(one) for one in told.open_questions]
    text = " ".join(dict.fromkeys([told.text, *sentences])).strip()
    return FactAnswer(text, told.used, (), offers_person=True)


def _trace(told: FactAnswer, found: "Answer | None") -> dict[str, Any]:
    facts: Sequence[dict[str, Any]] = [asdict(one) for one in told.used]
    article = found.trace if found is not None else _NOTHING_SEARCHED | {"why": "facts"}
    return {**article, "facts": facts}
