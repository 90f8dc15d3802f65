"""Why a message did not get through, beside the message, in plain Portuguese."""

import pytest

from gatte.delivery.failure_reasons import explain
from gatte.models import DeliveryState, FailureCause, Outbox


@pytest.fixture
def page(agent, desk):
    def shown(state, **columns):
        conversation_id = desk.conversation()
        desk.answers(
            conversation_id, "Seu certificado vence em maio.", DeliveryState(state), **columns
        )
        return agent.get(f"/panel/sessoes/{conversation_id}").text

    return shown


@pytest.mark.parametrize(
    ("state", "columns", "words"),
    [
        (
            "failed",
            {"error_code": 131026},
            ["Não enviada.", "não pôde ser entregue", "Confirme o número"],
        ),
        (
            "failed",
            {"error_code": 131047, "error_details": "window_closed"},
            ["A janela de 24 horas fechou", "modelo aprovado"],
        ),
        (
            "dead_letter",
            {"error_code": 190, "error_details": "Session has expired"},
            ["venceu", "Código 190"],
        ),
        (
            "dead_letter",
            {"error_details": "not_confirmed"},
            ["não confirmou", "Confira com o cliente"],
        ),
        ("cancelled", {"error_details": "owner_changed"}, ["mudou de mãos"]),
        ("uncertain", {"error_details": "ReadTimeout"}, ["Ainda não se sabe"]),
        (
            "pending",
            {"error_code": 131016, "attempts": 1},
            ["sobrecarregado", "repetido automaticamente"],
        ),
    ],
)
def test_the_reason_and_what_to_do_stand_beside_the_message(page, state, columns, words):
    shown = page(state, **columns)

    assert [word for word in words if word not in shown] == []
    assert "ReadTimeout" not in shown
    assert "Session has expired" not in shown
    assert "_closed" not in shown


@pytest.mark.parametrize("state", ["pending", "sending", "accepted", "sent", "delivered", "read"])
def test_nothing_is_said_of_an_answer_that_goes_well(page, state):
    assert "bubble-problem" not in page(state)


@pytest.mark.parametrize(
    "state", [DeliveryState.FAILED, DeliveryState.DEAD_LETTER, DeliveryState.CANCELLED]
)
@pytest.mark.parametrize("cause", FailureCause)
def test_every_cause_has_words(state, cause):
    explained = explain(Outbox(state=state, error_details=cause.value))

    assert explained is not None
    assert explained.meaning.endswith(".")
    assert explained.advice.endswith(".")
