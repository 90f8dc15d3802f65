"""Commands that a model read, beside rules and labels of the turn; and the intents they show."""

from dataclasses import replace

from gatte.conversation.command_intents import with_intents
from gatte.conversation.commands import (
    Deny,
    Escalate,
    LabelScore,
    OptOut,
    Question,
    SetSlot,
    SmallTalk,
    StartFlow,
    TurnReading,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.nlu import Intent, PredictionSource
from gatte.conversation.snapshot import MessagesReceived
from gatte.conversation.states import State
from tests.unit.conversation.simulated_conversation import CPF, Talk, guess, heard

GEMINI = {"source": PredictionSource.GEMINI, "confidence": 0.9}
LABELS = (LabelScore("Question", 0.5),)


def reading(*commands, labels=LABELS):
    read = tuple(replace(one, **GEMINI) for one in commands)
    return TurnReading(labels=labels, model="gemini-x commands-v2", commands=read)


def resolved(text, given, state=State.MENU, **facts):
    """The commands that were handled, by name and reason."""
    talk = Talk(state, **facts).takes(MessagesReceived((heard(text, Intent.FAQ),), given))
    return [one.command for one in talk.decision.resolutions]


def test_a_rules_alarm_counts_though_the_model_heard_only_courtesy():
    courtesy = (LabelScore("SmallTalk:ack", 0.5),)
    found = resolved("meu token foi roubado", reading(SmallTalk(), labels=courtesy))

    assert found[0].command == "Escalate"
    assert found[0].reason is EscalationReason.REVOCATION


def test_a_local_wish_for_a_person_counts_though_the_model_heard_a_question():
    labels = (LabelScore("RequestHuman", 0.6),)
    found = resolved("quero gente de verdade", reading(Question("o quê?"), labels=labels))

    assert [one.command for one in found] == ["RequestHuman", "Question"]


def test_the_models_alarm_counts_though_no_rule_heard_it():
    given = reading(Escalate(EscalationReason.DISTRESS, span="não sei mais o que faço"))

    assert resolved("não sei mais o que faço", given)[0].command == "Escalate"


def test_a_document_with_right_check_digits_counts_though_the_model_missed_it():
    flow = {"flow": "lead", "requested_slot": "name", "slots": {"product": "e-CPF A1"}}
    given = reading(SetSlot("name", "Davi Schuch", span="Davi Schuch"))
    found = resolved(f"Davi Schuch, cpf {CPF}", given, State.COLLECTING, **flow)

    assert {(one.slot, one.value) for one in found} == {("name", "Davi Schuch"), ("document", CPF)}


def test_opting_out_by_a_models_guess_is_asked_back():
    given = reading(OptOut(span="para com isso"))
    talk = Talk(State.MENU).takes(MessagesReceived((heard("para com isso"),), given))

    assert not talk.decision.snapshot.contact.opted_out
    assert talk.decision.effects == ()


def test_commands_of_a_recorded_reading_without_labels_are_the_whole_turn():
    given = TurnReading(commands=(Question("perdi o token, e agora?"),))

    assert [one.command for one in resolved("perdi o token", given)] == ["Question"]


def test_a_message_has_the_intent_of_its_weightiest_command():
    said = heard("oi, quero renovar", guess(Intent.GREETING))
    given = reading(
        SmallTalk(span="oi"), StartFlow("renewal", span="quero renovar"), Question("x", span="y")
    )
    (shown,) = with_intents((said,), given)

    assert shown.understanding is not None
    assert shown.understanding.intent is Intent.RENEW_CERTIFICATE
    assert (shown.understanding.source, shown.understanding.confidence) == (
        PredictionSource.GEMINI,
        0.9,
    )
    assert (shown.understanding.model, shown.understanding.prompt_version) == (
        "gemini-x",
        "commands-v2",
    )


def test_a_message_in_which_nothing_was_read_keeps_its_intent():
    said = heard("oi", guess(Intent.GREETING))

    assert with_intents((said,), reading(Question("x", span="outra"))) == (said,)
    assert with_intents((said,), TurnReading()) == (said,)


def test_values_that_come_with_the_wish_fill_the_flow_that_it_starts():
    given = reading(
        StartFlow("lead", span="esse pra mim"),
        SetSlot("product", "e-CPF A1", span="esse"),
        SetSlot("email", "nada", span="esse"),
    )
    talk = Talk(State.MENU).takes(MessagesReceived((heard("esse pra mim"),), given))

    assert talk.snapshot.flow == "lead"
    assert dict(talk.snapshot.slots) == {"product": "e-CPF A1"}


def test_a_yes_in_so_many_words_stands_against_a_models_no():
    talk = Talk(State.MENU, flags={"offer": "human"})
    said = (heard("sim"), heard("sei lá viu"))
    talk.takes(MessagesReceived(said, reading(Deny(span="sei lá viu"))))

    assert talk.snapshot.state is State.WAITING_HUMAN
