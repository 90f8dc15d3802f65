"""Random conversations of customers, agents, the clock and failures never break an invariant of the
core.

Two runs: one whose failures shrink to the shortest conversation (GATTE_SEQUENCES, 1,000 by
default), and a long one in which each conversation grows out of one number, which is much faster
(GATTE_SEEDS, 20,000 by default).
"""

import os
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gatte.conversation.external_events import EXTERNAL_EVENTS
from gatte.conversation.inactivity import InactivityTimeouts, next_timer
from gatte.conversation.nlu import Intent, MessageKind, Utterance
from gatte.conversation.option_ids import FLOW_OF_ROW
from gatte.conversation.orchestrator import advance
from gatte.conversation.replies import ButtonsReply, MenuReply
from gatte.conversation.snapshot import (
    AnswerFound,
    AnswerNotFound,
    Decision,
    DeskFacts,
    ExternalEvent,
    Input,
    MessagesReceived,
    Owner,
    Snapshot,
)
from gatte.conversation.states import TRANSITIONS, Event, InvalidTransition, State
from tests.unit.conversation.invariants import PASSWORD, check
from tests.unit.conversation.simulated_conversation import (
    CNPJ,
    CPF,
    ECNPJ,
    ECPF,
    EXPIRED,
    KNOWN,
    MONDAY,
    NEW_CNPJ,
    TICKET,
    guess,
    heard,
    tapped,
)

SEQUENCES = int(os.environ.get("GATTE_SEQUENCES", "1000"))
SEEDS = int(os.environ.get("GATTE_SEEDS", "20000"))

TEXTS = [
    "oi", "menu", "atendente", "cancelar", "SAIR", "voltar a receber", "continuar", "sim", "não",
    "pode ser, sim", "nada disso", "asdf", "quanto custa?", "preciso de ajuda com outra coisa aqui",
    "João da Silva", "errei, o e-mail é novo@y.com", "o nome é Ana Lima",
    f"pode anotar aí: João, cnpj {NEW_CNPJ}", CPF, CNPJ, "111", "11987654321", "joao@x.com",
    "joao@", "não tenho", "Padaria Estrela", "e-CNPJ A1", "amanhã de manhã", "sexta 14h", "ontem",
    "domingo", "de tarde", "urgente", "normal", "2", "a primeira", "quero apagar tudo",
    "corrigir meu e-mail", "o nome está errado", "data", "obrigado", "tchau", "vou no procon",
    "roubaram meu token", "quero reembolso", "meu certificado venceu e não consigo emitir nota",
    f"a senha é {PASSWORD}", "não quero mais receber mensagens", "cancelar esse pedido",
    "na verdade quero renovar", "{chaves} e %s", "x" * 700, "não reconhece o token " * 20, "👍",
    "?", "meus dados", "comprar",
]  # fmt: skip
CHOICES = [
    *FLOW_OF_ROW, "menu:question", "menu:human", "human", "menu", "cancel", "retry", "resume",
    "drop", "yes", "no", "intent:price", "intent:buy_certificate", "intent:revoke_certificate",
    "intent:none", "slot:product:e-CPF A3", "slot:urgency:high", "slot:day:2026-11-25",
    "slot:day:2020-01-01", "slot:period:tarde", "slot:request:erase", "slot:field:email",
    "slot:certificate:c1", "slot:certificate:other", "slot:nothing:x", "fix:email", "fix:name",
    "confirm:00000000:yes", "confirm::", "", "unknown",
]  # fmt: skip
HELPFUL = {
    "product": ["e-CNPJ A1", "e-cpf", "não sei"],
    "name": ["João da Silva", "me chamo Ana Lima", "pode anotar aí: Zé Souza, e-mail ze@x.com"],
    "document": [CPF, f"cnpj {CNPJ}", NEW_CNPJ.lower()],
    "company": ["Padaria Estrela", "não tenho"],
    "email": ["joao@x.com", "não tenho", "ana arroba x ponto com"],
    "certificate": ["o e-CPF", "outro"],
    "subject": [
        "token com erro",
        "o token não é reconhecido pelo computador desde ontem, já tentei de tudo e nada",
    ],
    "description": ["não abre no navegador"],
    "urgency": ["urgente", "normal", "sem pressa"],
    "day": ["amanhã de manhã", "sexta 14h", "dia 15"],
    "period": ["tarde", "10h", "tanto faz"],
    "request": ["ver", "corrigir o e-mail", "uma cópia", "apagar tudo"],
    "field": ["o nome", "e-mail", "cpf"],
    "value": ["novo@y.com", "Ana Lima", CPF],
    "confirm": ["sim", "isso mesmo", "não", "o e-mail é outro@y.com"],
    "fix": ["nome", "o e-mail", "1", "dia"],
}
"""Good answers to what each slot asks, so that flows reach their end."""
SNAPSHOTS = [
    Snapshot(State.START, MONDAY),
    Snapshot(State.START, MONDAY, contact=KNOWN, certificates=(ECNPJ, ECPF), tickets=(TICKET,)),
    Snapshot(
        State.START,
        MONDAY,
        certificates=(EXPIRED,),
        desk=DeskFacts(open=False, opens_at=MONDAY + timedelta(days=1)),
    ),
    Snapshot(
        State.START,
        MONDAY,
        contact=KNOWN,
        desk=DeskFacts(ahead_by_priority=(0, 1, 1, 2, 3, 5), minutes_each=4.0),
    ),
]
OUTSIDE = sorted(EXTERNAL_EVENTS)
KINDS = list(MessageKind)
number = st.integers(0, 1_000_000)
moves = st.lists(st.tuples(st.integers(0, 19), number), min_size=1, max_size=14)


def a_message(pick: int) -> Utterance:
    """Some message: mostly text with or without an understanding, sometimes media."""
    text, rest = TEXTS[pick % len(TEXTS)], pick // len(TEXTS)
    if rest % 7 == 0:
        return heard(
            text if rest % 2 else "",
            kind=KINDS[rest % len(KINDS)],
            filename="a.pfx" if rest % 3 else "a.pdf",
            message_id="m",
        )
    intents = list(Intent)
    first, second = intents[rest % len(intents)], intents[(rest * 7 + 3) % len(intents)]
    sure = (0.95, 0.7, 0.4, 0.2)[rest % 4]
    understood = guess(first, sure, (second, min(sure - 0.05, 1 - sure))) if rest % 3 else None
    return heard(text, understood, message_id="m")


def a_happening(kind: int, pick: int, run: "Run") -> Input:
    """Some happening: often a good answer or a tap on what was shown last, else anything at all."""
    helpful = HELPFUL.get(run.snapshot.requested_slot or "")
    if helpful and kind < 9:
        return MessagesReceived((heard(helpful[pick % len(helpful)], message_id="m"),))
    if kind < 12 and run.shown:
        return MessagesReceived((tapped(run.shown[pick % len(run.shown)]),))
    if kind < 13:
        return MessagesReceived(
            (a_message(pick), a_message(pick // 3 + 1), a_message(pick // 11 + 5))
        )
    if kind < 15:
        old = [*CHOICES, *run.seen] if kind < 14 else run.seen or CHOICES
        return MessagesReceived((tapped(old[pick % len(old)]),))
    return (
        MessagesReceived((a_message(pick),))
        if kind < 18
        else ExternalEvent(OUTSIDE[pick % len(OUTSIDE)], "")
    )


class Run:
    """A conversation under random happenings, with what the customer saw last."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.shown: list[str] = []
        self.seen: list[str] = []
        self.mark = ""

    def go(self, happening: Input) -> Decision | None:
        if (
            isinstance(happening, ExternalEvent)
            and (self.snapshot.state, happening.event) not in TRANSITIONS
        ):
            with pytest.raises(InvalidTransition):
                advance(self.snapshot, happening)
            return None
        decision = advance(self.snapshot, happening)
        check(self.snapshot, happening, decision, self.mark)
        self._see(decision)
        return decision

    def _see(self, decision: Decision) -> None:
        self.snapshot = decision.snapshot
        last = decision.replies[-1] if decision.replies else None
        if last is not None:
            self.shown = (
                [option.id for option in last.options]
                if isinstance(last, ButtonsReply | MenuReply)
                else []
            )
        self.seen += [
            option
            for option in self.shown
            if option.startswith("confirm:") and option not in self.seen
        ]
        self.mark = next(
            (one.split(":")[1] for one in self.shown if one.startswith("confirm:")), self.mark
        )


def answer_questions(run: Run, decision: Decision | None, pick: int) -> None:
    """At most one question a turn: whatever its answer leads to asks none. Now and then a crash
    keeps the answer away.
    """
    if decision is None or decision.question is None or pick % 10 == 0:
        return
    if pick % 7 == 0:
        run.go(ExternalEvent(Event.AGENT_TOOK))
    second = run.go(AnswerFound("É assim. " * (pick % 300 + 1)) if pick % 2 else AnswerNotFound())
    assert second is not None
    assert second.question is None
    assert second.replies or run.snapshot.owner == Owner.HUMAN


def live(start: int, moves: list[tuple[int, int]]) -> Snapshot:
    """One whole conversation, checked at every step."""
    run = Run(SNAPSHOTS[start])
    for kind, pick in moves:
        run.snapshot = replace(
            run.snapshot,
            now=run.snapshot.now + timedelta(seconds=pick % 4000 if kind % 5 == 0 else 3),
        )
        answer_questions(run, run.go(a_happening(kind, pick, run)), pick)
    return run.snapshot


@settings(
    max_examples=SEQUENCES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(start=st.integers(0, len(SNAPSHOTS) - 1), moves=moves)
def test_no_random_conversation_breaks_an_invariant(start, moves):
    has_a_way_out(live(start, moves))


@settings(
    max_examples=SEEDS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.generate],
)
@given(seed=st.integers(0, 2**48))
def test_twenty_thousand_conversations_break_no_invariant(seed):
    chance = random.Random(seed)
    start, length = chance.randrange(len(SNAPSHOTS)), chance.randint(1, 14)

    end = live(start, [(chance.randrange(20), chance.randrange(1_000_000)) for _ in range(length)])
    if seed % 4 == 0:
        has_a_way_out(end)


def has_a_way_out(snapshot: Snapshot) -> None:
    """From wherever the run ended: a human, the menu and cancel lead out, and the clock knows what
    to do.
    """
    if snapshot.owner == Owner.HUMAN:
        assert advance(snapshot, ExternalEvent(Event.HANDED_BACK)).snapshot.state == State.MENU
        return
    for words, target in (
        ("atendente", State.WAITING_HUMAN),
        ("menu", State.MENU),
        ("cancelar", State.MENU),
    ):
        assert advance(snapshot, MessagesReceived((heard(words),))).snapshot.state == target, words
    assert next_timer(snapshot, InactivityTimeouts()) is not None or snapshot.state == State.CLOSED


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "state",
    [State.START, State.MENU, State.WAITING_HUMAN, State.ERROR, State.TIMEOUT, State.CLOSED],
)
def test_whatever_is_said_in_a_state_is_answered_or_left_to_the_desk(state, text):
    run = Run(Snapshot(state, MONDAY))

    decision = run.go(MessagesReceived((heard(text),)))

    assert decision is not None
    assert decision.replies or decision.question or state == State.WAITING_HUMAN
