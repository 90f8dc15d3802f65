"""No text of a customer holds a worker up: every function that takes one is quick, whatever is
repeated in it.

Functions are found by inspection. One with a parameter that `ARGUMENTS` cannot fill must be named
in `ELSEWHERE`, with the reason.
"""

import importlib
import inspect
import json
import pkgutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import ModuleType

import pytest

from gatte.conversation.commands import TurnReading
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason
from gatte.conversation.escalation_rules import EscalationTrigger
from gatte.conversation.fact_questions import QuestionContext
from gatte.conversation.flows.base import FlowName
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.nlu import Intent
from gatte.conversation.orchestrator import advance
from gatte.conversation.parsing import normalize
from gatte.conversation.rules import CommandWord
from gatte.conversation.snapshot import MessagesReceived, Snapshot
from gatte.conversation.states import Event, InvalidTransition, State
from gatte.infra.scoped_cache import cache_scope
from gatte.intelligence.grounding_check import SourcePassage
from gatte.intelligence.personal_values import ValueKind
from gatte.privacy import masking, sanitize
from gatte.whatsapp import webhook_parser
from gatte.whatsapp.payload_parts import OBJECT
from tests.unit.conversation.simulated_conversation import ECNPJ, KNOWN, MONDAY, TICKET, heard

ROOMS = (
    "conversation",
    "privacy",
    "intelligence",
    "intake",
    "whatsapp",
    "decisions.availability",
    "web.panel.formatting",
)
LENGTH = 4096  # of WhatsApp's longest message, and of what `sanitise.clean` leaves
SECONDS = 0.05
UNITS = (
    *(
        "xa.",
        "@",
        "a",
        "A",
        "é",
        "1",
        ".",
        "-",
        "_",
        "*",
        "`",
        " ",
        "\n",
        "\t",
        ":",
        "/",
        "\\",
        '"',
        "'",
        "[",
        "(",
        ",",
        "%40",
        "👍",
        "ﷺ",
    ),
    *(
        "e\u0301",
        "😀\u200d",
        "❤\ufe0f\u200d",
        "www.",
        "http://",
        "https://a:",
        "1.",
        "1/",
        "1-",
        "1.2/",
        "12/",
        "9 ",
        "a-",
        "a.a-",
        "a@",
    ),
    *(
        "a.b@",
        "..",
        "ab ",
        "1 ",
        "a1",
        "AB12",
        "MDAw",
        "wamid.",
        "(at)",
        "a(at)",
        "não ",
        "sim ",
        "R$ ",
        "55 11 ",
        "(11) ",
        "dia ",
    ),
    *(
        "senha ",
        "do ",
        "e meu ",
        "eu sou ",
        "João ",
        "e, ",
        " arroba ",
        " ponto ",
        "cancelar ",
        "de ",
        "meu nome é ",
        "key=",
        "cookie:",
    ),
    *("Bearer ", "voces ", "roubo ", "robo ", "obg ", "tudo bem ", "empresa "),
)
SHAPES = (("", ""), ("@", "!"), ("a ", "@x.com"))
"""What stands before and behind the repeated units: a pattern that ends otherwise than it began is
the slowest.
"""

SNAPSHOT = Snapshot(
    State.COLLECTING,
    MONDAY,
    contact=KNOWN,
    certificates=(ECNPJ,),
    tickets=(TICKET,),
    flow="lead",
    requested_slot="name",
)
ARGUMENTS: dict[str, Callable[[], object]] = {
    "datetime": lambda: MONDAY,
    "Snapshot": lambda: SNAPSHOT,
    "DecisionBuilder": lambda: DecisionBuilder(SNAPSHOT),
    "Slot": lambda: FLOWS["lead"].slots[0],
    "Slot | None": lambda: FLOWS["lead"].slots[0],
    "EscalationReason": lambda: EscalationReason.REQUESTED,
    "Event": lambda: Event.ESCALATED,
    "EscalationTrigger": lambda: EscalationTrigger(EscalationReason.FRAUD, 1),
    "CommandWord": lambda: CommandWord.HUMAN,
    "Intent": lambda: Intent.FAQ,
    "QuestionContext": lambda: QuestionContext(MONDAY),
    "TurnReading": TurnReading,
    "date": MONDAY.date,
    "int": lambda: 80,
    "bool": lambda: True,
    "Sequence": lambda: ["Um trecho."],
    "frozenset": lambda: frozenset({"sim"}),
    "tuple": tuple,
    "FlowName": lambda: FlowName.TICKET,
    "list": lambda: [["abre", "?"]],
    "bytes": lambda: b"0123456789abcdef",
    "NDArray[float32]": lambda: None,
    "ValueKind": lambda: ValueKind.NAME,
    "Iterable": list,
    "SourcePassage": lambda: SourcePassage(
        "O A1 vale 1 ano. O A3 não pode ser copiado.", "Validade"
    ),
}
ELSEWHERE = {
    "conversation.parsing.times.period_in": "takes what `readable` has cut to 600 characters",
    "conversation.parsing.mentions.split_refused": "takes what `readable` has cut, and mentions",
    "intake.contact_identity.search_hashes": "takes a number of an operator; HMACs of digits",
    "intake.spam.spam_signals": (
        "asks the settings; its parts that read the text are `foreign_hosts` and `fold`"
    ),
    "intake.spam.repetition": "asks the keys; its part that reads the text is `spoken`",
    "intelligence.knowledge.passages.vectors_by_gemini": "takes passages and a model of ours",
    "intake.spam.flood": "takes ids of ours, and asks the settings",
    "intake.contact_identity.hash_of": "an HMAC of a phone, an id or a document",
    "intelligence.gemini.rejections.publish": "takes the name of a model in the settings",
    "intake.contact_rate_limit.rate_limit_hit": "takes ids of ours, and asks the settings",
    "intake.inbox_processor.process_sender": "takes ids of ours, and asks the database",
    "intake.open_conversation.find_or_open": "takes ids of ours, and asks the database",
    "intake.inbox_retry.record_failure": "takes ids of ours, and asks the database",
    "intelligence.service.predict_intent": (
        "the classifier, of which `tfidf.tokens` and `embedding.embed_one` read the text"
    ),
    "conversation.command_reader.reader.read": "a part of the core, which is tested whole",
    "conversation.command_reader.label_commands.command_of_label": (
        "a part of the core, which is tested whole"
    ),
    "conversation.command_reader.label_commands.threshold": (
        "a part of the core, which is tested whole"
    ),
    "conversation.command_reader.slot_commands.volunteered": (
        "a part of the core, which is tested whole"
    ),
    "conversation.command_reader.literal_commands.whole_message": (
        "a part of the core, which is tested whole; its rules are tested here"
    ),
    "intelligence.understanding.command_model.fit": "takes examples of ours",
    "intelligence.understanding.command_model.fit_again": "takes examples of ours",
    "intelligence.understanding.command_model_file.loads": "takes the bytes of a file of ours",
    "conversation.handoff.leave_queue": "takes the name of what is done",
    "whatsapp.template_list.fill": "takes a template of the company",
    "conversation.company_facts.check_key": "takes a key that the company's people write",
    "conversation.company_facts.read_value": "takes a key that the company's people write",
    "conversation.price_answers.matching_prices": "takes names of products that we read",
    "intelligence.guard.message_screen.verdict_of": (
        "takes a model too; `deobfuscation.readings`, the patterns and the features are tested here"
    ),
    "intelligence.guard.message_screen.judge": "`verdict_of` with the model of the application",
    "intelligence.guard.message_screen.screen": "`verdict_of` with the model of the application",
    "intelligence.prompts.instructions": "takes the name of a file of ours",
    "intelligence.prompts.version_of": "takes the name of a file of ours",
    "intelligence.service.whole_answer": "takes the name of an article of ours",
    "intelligence.turn_answers.tell_whole_article": "takes the name of an article of ours",
    "intelligence.service.answer_question": "`retrieval_cache.find_passages` and Gemini",
    "intelligence.knowledge.retrieval_cache.find_passages": (
        "`retrieval.find_passages` behind a cache"
    ),
    "intelligence.knowledge.retrieval.find_passages": (
        "asks the database; `reranker.tokenize` and `retrieval.vector_of` read the text"
    ),
    "intelligence.knowledge.retrieval.retrieve": "the same search",
    "intelligence.knowledge.article_passages.add_variant": "a text of the company's people",
    "intelligence.knowledge.article_versions.new_article": "takes the name of an article of ours",
    "intelligence.knowledge.document_import.kind_of": "takes the name of a file",
    "intelligence.knowledge.document_import.read_document": (
        "takes the name of a file; its content is read by a process with limits"
    ),
    "intelligence.knowledge.trials.start": "cuts a text of the company's people, and asks Redis",
    "intelligence.gemini.config.generation_config": (
        "makes the configuration of a model out of our own words"
    ),
    "intelligence.gemini.http.build_http_client": "takes an address of the settings",
    "intelligence.transcription.transcribe": "takes a sound, and asks Gemini",
    "intelligence.prompts.read": "reads a file of ours",
    "whatsapp.field_rules.clean_line": (
        "a part of the webhook's parser, which is tested with a text in every field"
    ),
    "whatsapp.payload_parts.part_of": (
        "a part of the webhook's parser, which is tested with a text in every field"
    ),
    "whatsapp.outbound.reaction": "takes ids of ours and of Meta's",
    "whatsapp.simulator.media_message": "makes what a simulated customer sends",
    "whatsapp.simulator.customer_message_body": "makes what a simulated customer sends",
    "whatsapp.simulator.status_body": "makes what a simulated customer sends",
    "privacy.crypto.derived_key": "takes secrets of the settings",
}
"""Functions that read no text of a customer, or that need more than a text: then the parts that
read it are tested.
"""


def modules() -> list[ModuleType]:
    rooms = [importlib.import_module(f"gatte.{room}") for room in ROOMS]
    inside = [
        one.name
        for room in rooms
        if hasattr(room, "__path__")
        for one in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    ]
    return [*rooms, *(importlib.import_module(name) for name in inside)]


def required(function: Callable[..., object]) -> dict[str, str]:
    """The annotations of what must be given, by name; of types and of texts alike."""
    given = inspect.signature(inspect.unwrap(function)).parameters.values()
    known = [
        one
        for one in given
        if one.kind not in {one.VAR_POSITIONAL, one.VAR_KEYWORD} and one.default is one.empty
    ]
    return {
        one.name: getattr(one.annotation, "__name__", str(one.annotation)).split(".")[-1]
        for one in known
    }


def takers() -> dict[str, Callable[..., object]]:
    """All public functions that take a text, by name without `gatte.`."""
    found: dict[str, Callable[..., object]] = {}
    for module in modules():
        for name, function in vars(module).items():
            own = inspect.isfunction(inspect.unwrap(function)) if callable(function) else False
            own = own and function.__module__ == module.__name__ and not name.startswith("_")
            if own and any(one in {"str", "str | None"} for one in required(function).values()):
                found[f"{module.__name__.removeprefix('gatte.')}.{name}"] = function
    return found


TAKERS = takers()


def texts(length: int = LENGTH) -> list[str]:
    """Every unit repeated, in every shape."""
    return [
        f"{before}{(unit * length)[: length - len(before) - len(behind)]}{behind}"
        for unit in UNITS
        for before, behind in SHAPES
    ]


def seconds_for(call: Callable[[str], object], text: str) -> float:
    """The least processor time of three tries, each in a scope of its own, as a turn has one, and
    with a text that no cache knows: a character is cut off for each.
    """
    least = float("inf")
    for cut in range(3):
        started = time.thread_time()
        # that a text is no name or number of ours is no matter here
        with cache_scope(), suppress(ValueError, LookupError, InvalidTransition):
            call(text[: len(text) - cut])
        least = min(least, time.thread_time() - started)
        if least <= SECONDS:
            break
    return least


def slow(call: Callable[[str], object], among: list[str]) -> dict[str, float]:
    timed = {text: seconds_for(call, text) for text in among}
    return {
        f"{text[:24]!r}…{text[-8:]!r}": seconds
        for text, seconds in timed.items()
        if seconds > SECONDS
    }


def fed(function: Callable[..., object]) -> Callable[[str], object]:
    """The function with the text in all its texts."""
    wanted = required(function)
    return lambda text: function(
        *(text if kind.startswith("str") else ARGUMENTS[kind]() for kind in wanted.values())
    )


@pytest.fixture(autouse=True, scope="module")
def loaded():
    """What is loaded with the first text is not of its time."""
    for function in TAKERS.values():
        if {*required(function).values()} == {"str"}:
            with suppress(Exception):
                function("oi")


def test_all_that_takes_a_text_is_tested_here_or_named_with_a_reason():
    unknown = {
        name
        for name, one in TAKERS.items()
        if not all(kind.startswith("str") or kind in ARGUMENTS for kind in required(one).values())
    }
    assert unknown <= set(ELSEWHERE)
    assert set(ELSEWHERE) <= set(TAKERS)


@pytest.mark.parametrize("name", sorted(set(TAKERS) - set(ELSEWHERE)))
def test_a_long_text_takes_no_time(name):
    assert not slow(fed(TAKERS[name]), texts())


def readers() -> dict[str, Callable[[str, Snapshot], object]]:
    """What the slots of all flows read answers with, each once."""
    slots = [(f"{flow.name}-{slot.name}", slot) for flow in FLOWS.values() for slot in flow.slots]
    named = {
        reader: f"{name}-{part}"
        for name, slot in slots
        for part in ("parse_answer", "extract", "validate")
        for reader in [getattr(slot, part)]
    }
    return {name: reader for reader, name in named.items()}


@pytest.mark.parametrize("reader", readers().values(), ids=list(readers()))
def test_a_long_answer_to_a_question_takes_no_time(reader):
    assert not slow(lambda text: reader(text, SNAPSHOT), texts())


@pytest.mark.parametrize(
    "asked",
    [(flow.name, slot.name) for flow in FLOWS.values() for slot in flow.slots],
    ids="-".join,
)
def test_the_core_decides_on_a_long_text_at_once(asked):
    flow, slot = asked
    there = replace(SNAPSHOT, flow=flow, requested_slot=slot)
    assert not slow(
        lambda text: advance(there, MessagesReceived((heard(text, Intent.FAQ),))),
        [(unit * LENGTH)[:LENGTH] for unit in UNITS],
    )


def test_a_text_of_any_length_is_cleaned_at_once():
    assert not slow(sanitize.sanitize_text, texts(100_000))


def test_the_longest_log_line_is_masked_at_once():
    assert not slow(masking.mask, texts(masking.LIMIT))


def body(text: str) -> bytes:
    """A message with the text wherever Meta writes a text."""
    contact = {"wa_id": "5511999990000", "profile": {"name": text, "username": text}}
    told = {
        "from": "5511999990000",
        "timestamp": text,
        "errors": [{"code": text, "title": text}],
        "context": {"id": text},
    }
    message = {**told, "id": "wamid.1", "type": "text", "text": {"body": text}}
    status = {
        "id": text,
        "status": text,
        "recipient_id": text,
        "timestamp": text,
        "errors": [{"code": text, "title": text}],
    }
    value = {
        "metadata": {"phone_number_id": text},
        "contacts": [contact],
        "messages": [message, {**message, "id": text}],
        "statuses": [status],
    }
    change = {"field": "messages", "value": value}
    return json.dumps(
        {"object": OBJECT, "entry": [{"changes": [change, {"field": text}]}]}
    ).encode()


def test_a_webhook_body_of_long_texts_is_read_at_once():
    bodies = {text: body(text) for text in texts()}
    assert not slow(lambda text: webhook_parser.parse(bodies.get(text) or body(text)), list(bodies))


def test_the_terms_of_a_long_text_are_as_few_as_of_a_short_one():
    assert len(normalize.normalize_for_classifier("ﷺ" * LENGTH)) <= normalize.CLASSIFIER_CHARACTERS
