"""The answer to a question: the model's words when they hold against the passages, else the best
passage, else none.

`find_passages` needs the database, `compose` the network: call them one after the other, with no
transaction open during `compose`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import structlog

from gatte.conversation.parsing.normalize import word_set, words
from gatte.intelligence import answer_confidence, grounding_check
from gatte.intelligence.calls import CallRecord
from gatte.intelligence.clauses import sentences_of
from gatte.intelligence.gemini.client import Gemini, GeminiUnavailable, History
from gatte.intelligence.gemini.structured_output import WrittenAnswer, WrittenSentence
from gatte.intelligence.grounding_check import LONGEST_ANSWER, SourcePassage, Violation
from gatte.intelligence.guard import answer_screen
from gatte.intelligence.knowledge.retrieval import RankedArticle, RetrievalResult, find_passages
from gatte.intelligence.pseudonymization import Pseudonymizer, Record, UnknownPlaceholder
from gatte.observability import metrics

LEAST_KEPT = 0.5
"""Of an answer's characters that must be left when what does not hold is dropped."""
POINTS_BACK = word_set("ele ela eles elas isso isto esse essa mas porem assim tambem entao dele")
"""Words at the beginning of a sentence that needs the one before it."""

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
    problems: tuple[Violation, ...] = ()
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


@dataclass
class _GroundedText:
    """What is left of an answer: its sentences that hold, the articles that hold them, and what was
    wrong with the others.
    """

    sentences: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    problems: list[Violation] = field(default_factory=list)
    dropped: int = 0

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


def compose_answer(
    passages: RetrievalResult,
    history: History = (),
    gemini: Gemini | None = None,
    company: str = "",
    record: Record | None = None,
    memory: Mapping[str, str] | None = None,
    *,
    hardened: bool = False,
) -> Answer:
    """The answer from what was found: by the model when there is one and it may help, by the best
    passage when that is sure enough. What `record` holds does not leave; of `memory`, what the
    contact told before, the model sees placeholders. `hardened` when the guard suspects the
    customer's words.
    """
    if (
        gemini is None
        or not passages.found
        or passages.probability < answer_confidence.LLM_THRESHOLD
    ):
        return _answer_with_passage(passages)
    hidden = Pseudonymizer(record or Record())
    hidden.learn_from_dialogue(history, [passages.question])
    lines = hidden.hide_lines(history)
    question = hidden.hide(passages.question).text
    shown = [_shown(one) for one in passages.found]
    known = {kind: hidden.hide(value).text for kind, value in (memory or {}).items()}
    try:
        written, call = gemini.respond(question, shown, lines, company, known, hardened=hardened)
    except GeminiUnavailable as failure:
        return _answer_with_passage(passages, (failure.call,))
    if not written.sentences:
        return Answer(None, AnswerReason.MODEL_DECLINED, passages, calls=(call,))
    return _checked(_grounded(written, passages, hidden), passages, call)


def _checked(kept: _GroundedText, passages: RetrievalResult, call: CallRecord) -> Answer:
    """What is left of the model's words, if it is enough; else the passage."""
    problems = tuple(dict.fromkeys(kept.problems))
    for problem in problems:
        metrics.GUARD_VIOLATIONS.labels(reason=problem).inc()
    if problems:
        log.warning(
            "answer_ungrounded",
            problems=[problem.value for problem in problems],
            dropped=kept.dropped,
            prompt_version=call.prompt_version,
        )
    length = len(kept.text)
    least = LEAST_KEPT * (length + kept.dropped)
    if not length or length < least:
        return _answer_with_passage(passages, (call,), problems)
    if length > LONGEST_ANSWER:
        return _answer_with_passage(passages, (call,), (*problems, Violation.TOO_LONG))
    return Answer(
        text=kept.text,
        why=AnswerReason.MODEL,
        passages=passages,
        sources=tuple(dict.fromkeys(kept.sources)),
        calls=(call,),
        problems=problems,
    )


def _grounded(
    written: WrittenAnswer, passages: RetrievalResult, hidden: Pseudonymizer
) -> _GroundedText:
    """The sentences that their passages hold, with personal values put back; one that points back
    to a dropped one goes with it.
    """
    kept = _GroundedText()
    was_dropped = False
    for sentence in written.sentences:
        text = _plain(sentence.text)
        problems = _problems_of(sentence, text, passages, hidden)
        needs_dropped = was_dropped and _points_back(text)
        was_dropped = bool(problems) or needs_dropped
        if was_dropped:
            kept.problems += problems
            kept.dropped += len(text)
            continue
        article = passages.found[sentence.passage - 1]
        kept.sources.append(article.slug)
        kept.sentences.append(hidden.restore(text))
    return kept


def _points_back(text: str) -> bool:
    """Whether a sentence begins with a word that needs the sentence before."""
    first = words(text)[:1]
    return not POINTS_BACK.isdisjoint(first)


def _problems_of(
    sentence: WrittenSentence, text: str, passages: RetrievalResult, hidden: Pseudonymizer
) -> list[Violation]:
    """Why a sentence is not sent."""
    if not 1 <= sentence.passage <= len(passages.found):
        return [Violation.NO_PASSAGE]
    article = passages.found[sentence.passage - 1]
    passage = SourcePassage(article.answer, f"{article.title}\n{article.question}")
    try:
        hidden.restore(text)
    except UnknownPlaceholder:
        return [Violation.UNKNOWN_PLACEHOLDER]
    found: list[Violation] = []
    for one in sentences_of(text) or [""]:
        said = hidden.without_placeholders(one)
        found += grounding_check.violations(said, passage)
        found += answer_screen.violations(said, passage.text)
    return found


def _answer_with_passage(
    passages: RetrievalResult,
    calls: tuple[CallRecord, ...] = (),
    problems: tuple[Violation, ...] = (),
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
