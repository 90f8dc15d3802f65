"""A customer to talk with the pure core: `Talk().says("oi").replied`."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from gatte.conversation.nlu import (
    Intent,
    IntentPrediction,
    IntentScore,
    MessageKind,
    PredictionSource,
    Utterance,
)
from gatte.conversation.orchestrator import advance
from gatte.conversation.replies import ButtonsReply, MenuReply, text_of
from gatte.conversation.snapshot import (
    AnswerFound,
    AnswerNotFound,
    CertificateFacts,
    ContactFacts,
    Decision,
    ExternalEvent,
    Input,
    MessagesReceived,
    Snapshot,
    TicketFacts,
)
from gatte.conversation.states import Event, State

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))
NUMBERS = count(1)
CPF, CNPJ, NEW_CNPJ = "52998224725", "45997418000153", "12ABC34501DE35"
ECNPJ = CertificateFacts("c1", "e-CNPJ A1", "Padaria Estrela Ltda", date(2026, 12, 10), "active")
ECPF = CertificateFacts("c2", "e-CPF A3", "João da Silva", date(2028, 1, 5), "active")
EXPIRED = CertificateFacts("c3", "e-CNPJ A1", "Padaria Estrela Ltda", date(2026, 11, 20), "expired")
TICKET = TicketFacts(41, "Token não reconhecido", "em andamento")
KNOWN = ContactFacts(
    name="João da Silva", email="joao@x.com", document=CPF, phone="5541999990000", returning=True
)


def guess(
    intent: Intent, confidence: float = 0.9, *others: tuple[Intent, float]
) -> IntentPrediction:
    return IntentPrediction(
        intent, confidence, PredictionSource.LOCAL, tuple(IntentScore(*other) for other in others)
    )


def heard(
    text: str = "",
    intent: Intent | IntentPrediction | None = None,
    kind: MessageKind = MessageKind.TEXT,
    **more: Any,
) -> Utterance:
    understanding = guess(intent) if isinstance(intent, Intent) else intent
    return Utterance(
        more.pop("message_id", f"m{next(NUMBERS)}"), kind, text, understanding=understanding, **more
    )


def tapped(choice: str) -> Utterance:
    return Utterance(f"m{next(NUMBERS)}", MessageKind.CHOICE, choice=choice)


class Talk:
    """One conversation; each call gives the conversation back, with the last decision at hand."""

    def __init__(self, state: State = State.START, **facts: Any) -> None:
        self.snapshot = Snapshot(state, facts.pop("now", MONDAY), **facts)
        self.decision = Decision(self.snapshot)

    def takes(self, happening: Input) -> "Talk":
        self.decision = advance(self.snapshot, happening)
        self.snapshot = self.decision.snapshot
        return self

    def says(self, text: str, intent: Intent | IntentPrediction | None = None) -> "Talk":
        return self.sends(heard(text, intent))

    def sends(self, *messages: Utterance) -> "Talk":
        return self.takes(MessagesReceived(messages))

    def taps(self, choice: str) -> "Talk":
        return self.sends(tapped(choice))

    def taps_titled(self, title: str) -> "Talk":
        return self.taps(next(one.id for one in self.options if one.title == title))

    def gets(self, answer: str) -> "Talk":
        return self.takes(AnswerFound(answer))

    def gets_no_answer(self) -> "Talk":
        return self.takes(AnswerNotFound())

    def sees(self, event: Event, reason: str = "") -> "Talk":
        return self.takes(ExternalEvent(event, reason))

    def waits(self, **time: float) -> "Talk":
        self.snapshot = replace(self.snapshot, now=self.snapshot.now + timedelta(**time))
        return self

    @property
    def state(self) -> State:
        return self.snapshot.state

    @property
    def replied(self) -> str:
        return "\n".join(text_of(reply) for reply in self.decision.replies)

    @property
    def options(self) -> tuple[Any, ...]:
        last = self.decision.replies[-1] if self.decision.replies else None
        return last.options if isinstance(last, ButtonsReply | MenuReply) else ()

    @property
    def titles(self) -> list[str]:
        return [one.title for one in self.options]

    @property
    def effects(self) -> tuple[Any, ...]:
        return self.decision.effects

    @property
    def effect(self) -> Any:
        (only,) = self.decision.effects
        return only

    @property
    def events(self) -> list[Event]:
        return [step.event for step in self.decision.steps]
