"""The answer to a question: the model's words when they hold against the passages, else the best
passage, else none.

`find_passages` needs the database, `compose` the network: call them one after the other, with no
transaction open during `compose`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import structlog

from gatte.conversation.parsing.normalize import normalize_for_search
from gatte.intelligence import answer_confidence, grounding_check, prompts
from gatte.intelligence.calls import CallRecord
from gatte.intelligence.gemini.client import Gemini, GeminiUnavailable, History
from gatte.intelligence.knowledge.retrieval import RankedArticle, RetrievalResult, find_passages

SOURCE_OVERLAP = 0.4  # of the answer's words must stand in an article for it to count as a source

_MARKS = re.compile(r"\*\*|__|^#+\s*|`", re.M)
_MANY_BLANK_LINES = re.compile(r"\n{3,}")

log = structlog.get_logger(__name__)

__all__ = ["Answer", "AnswerReason", "RetrievalResult", "compose_answer", "find_passages"]


class AnswerReason(StrEnum):
    """Where an answer came from, or why there is none."""

    MODEL = "model"
    PASSAGE = "passage"
    NOTHING_NEAR = "nothing_near"
    NOT_SURE = "not_sure"
    MODEL_DECLINED = "model_declined"


@dataclass(frozen=True)
class Answer:
    """What to say, or None when nothing grounded can be said; `sources` are slugs of articles, best
    first. `short` is the article's short form, where its own words answer and it has one.
    """

    text: str | None
    why: AnswerReason
    passages: RetrievalResult
    sources: tuple[str, ...] = ()
    calls: tuple[CallRecord, ...] = ()
    problems: tuple[grounding_check.Violation, ...] = ()
    short: str = ""

    @property
    def trace(self) -> dict[str, Any]:
        """How this came about, as JSON values, for the card that shows an agent why the bot said
        it.
        """
        passages = [
            {
                "slug": one.slug,
                "title": one.title,
                "score": one.score,
                "cosine": one.cosine,
                "passage": one.passage_id,
                "kind": one.passage_kind,
            }
            for one in self.passages.found
        ]
        return {
            "why": self.why.value,
            "probability": self.passages.probability,
            "sources": list(self.sources),
            "passages": passages,
            "problems": [problem.value for problem in self.problems],
        }


def compose_answer(
    passages: RetrievalResult,
    history: History = (),
    gemini: Gemini | None = None,
    company: str = "",
) -> Answer:
    """The answer from what was found: by the model when there is one and it may help, by the best
    passage when that is sure enough.
    """
    if (
        gemini is None
        or not passages.found
        or passages.probability < answer_confidence.LLM_THRESHOLD
    ):
        return _answer_with_passage(passages)
    try:
        said, call = gemini.respond(
            passages.question, [_shown(one) for one in passages.found], history, company
        )
    except GeminiUnavailable as failure:
        return _answer_with_passage(passages, (failure.call,))
    return _checked(said, passages, call)


def _checked(said: str, passages: RetrievalResult, call: CallRecord) -> Answer:
    """The model's words, if they say no more than the passages do."""
    if prompts.NOT_GROUNDED in said:
        return Answer(None, AnswerReason.MODEL_DECLINED, passages, calls=(call,))
    text = _plain(said)
    problems = grounding_check.violations(text, [_shown(one) for one in passages.found])
    if problems:
        log.warning(
            "answer_ungrounded",
            problems=[problem.value for problem in problems],
            prompt_version=call.prompt_version,
        )
        return _answer_with_passage(passages, (call,), problems)
    return Answer(text, AnswerReason.MODEL, passages, _sources(text, passages.found), (call,))


def _answer_with_passage(
    passages: RetrievalResult,
    calls: tuple[CallRecord, ...] = (),
    problems: tuple[grounding_check.Violation, ...] = (),
) -> Answer:
    if not passages.found or not passages.grounded:
        why = (
            AnswerReason.NOT_SURE
            if passages.probability >= answer_confidence.LLM_THRESHOLD
            else AnswerReason.NOTHING_NEAR
        )
        return Answer(None, why, passages, (), calls, problems)
    best = passages.found[0]
    return Answer(
        best.answer,
        AnswerReason.PASSAGE,
        passages,
        (best.slug,),
        calls,
        problems,
        short=best.short_answer,
    )


def _shown(found: RankedArticle) -> str:
    """An article as the model reads it."""
    return f"{found.title}\n{found.question}\n{found.answer}"


def _plain(text: str) -> str:
    """WhatsApp text without the marks of other formats."""
    return _MANY_BLANK_LINES.sub("\n\n", _MARKS.sub("", text)).strip()


def _sources(text: str, found: Sequence[RankedArticle]) -> tuple[str, ...]:
    """The articles that hold a good part of the answer's words; the best one when none does."""
    words = _stems(text)
    supporting = [
        one.slug
        for one in found
        if len(words & _stems_of_passage(_shown(one))) >= SOURCE_OVERLAP * len(words)
    ]
    return tuple(supporting or [found[0].slug])


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:6] for word in normalize_for_search(text).split() if len(word) > 3)


@lru_cache(maxsize=grounding_check.KEPT_PASSAGES)
def _stems_of_passage(passage: str) -> frozenset[str]:
    return _stems(passage)
