from datetime import UTC, datetime

from gatte.conversation.nlu import (
    Intent,
    IntentPrediction,
    MessageKind,
    PredictionSource,
    Utterance,
)
from gatte.conversation.orchestrator import advance
from gatte.conversation.snapshot import MessagesReceived, Snapshot
from gatte.conversation.states import State


def heard(text: str, intent: Intent) -> Utterance:
    return Utterance(
        text,
        MessageKind.TEXT,
        text,
        understanding=IntentPrediction(intent, 0.95, PredictionSource.LOCAL),
    )


def test_a_name_beside_a_wish_does_not_hide_the_wish():
    said = (
        heard("quero comprar um e-CNPJ", Intent.BUY_CERTIFICATE),
        heard("João Pereira", Intent.OUT_OF_SCOPE),
    )

    decision = advance(Snapshot(State.MENU, datetime.now(UTC)), MessagesReceived(said))

    assert decision.snapshot.flow == "lead"
