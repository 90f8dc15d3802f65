from datetime import UTC, datetime

from gatte.conversation.orchestrator import advance
from gatte.conversation.snapshot import CustomerSpoke, Snapshot
from gatte.conversation.states import State
from gatte.conversation.understanding import Decider, Heard, Intent, MessageKind, Understanding


def heard(text: str, intent: Intent) -> Heard:
    return Heard(text, MessageKind.TEXT, text, understanding=Understanding(intent, 0.95, Decider.LOCAL))


def test_a_name_beside_a_wish_does_not_hide_the_wish():
    said = (heard("quero comprar um e-CNPJ", Intent.BUY_CERTIFICATE), heard("João Pereira", Intent.OUT_OF_SCOPE))

    decision = advance(Snapshot(State.MENU, datetime.now(UTC)), CustomerSpoke(said))

    assert decision.snapshot.flow == "lead"
