from datetime import UTC, datetime

import pytest

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


@pytest.mark.parametrize(
    ("messages", "name"),
    [
        (("Darci", "Zanella"), "Darci Zanella"),
        (("Cleide Aparecida Bonin", "antes era Cleide Rocha"), "Cleide Aparecida Bonin"),
        (("jurema", "Jurema Padilha dos Anjos"), "Jurema Padilha dos Anjos"),
        (("Firmino", "de Jesus", "Firmino de Jesus Ribas"), "Firmino de Jesus Ribas"),
        (("Ana Souza", "errei, é Ana Sousa"), "Ana Sousa"),
    ],
)
def test_of_several_messages_the_first_or_the_fuller_is_the_name(messages, name):
    asked = Snapshot(
        State.COLLECTING,
        datetime.now(UTC),
        flow="lead",
        requested_slot="name",
        slots={"product": "e-CNPJ A1"},
    )
    said = tuple(heard(text, Intent.OUT_OF_SCOPE) for text in messages)

    decision = advance(asked, MessagesReceived(said))

    assert decision.snapshot.slots["name"] == name


def test_what_follows_the_name_of_a_company_is_no_company():
    asked = Snapshot(State.COLLECTING, datetime.now(UTC), flow="lead", requested_slot="company")
    said = (
        heard("Kuhn Materiais", Intent.OUT_OF_SCOPE),
        heard("mas pra que tanta coisa", Intent.OUT_OF_SCOPE),
    )

    decision = advance(asked, MessagesReceived(said))

    assert decision.snapshot.slots["company"] == "Kuhn Materiais"
