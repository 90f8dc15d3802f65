"""Commands, and what always goes to a human, are recognised by rule and by nothing that only looks
like them.
"""

import pytest

from gatte.conversation.effects import EscalationReason
from gatte.conversation.escalation_rules import PRIORITY, find_trigger
from gatte.conversation.nlu import Intent, PredictionSource
from gatte.conversation.rules import (
    CommandWord,
    asks_for_ticket,
    cancels_this,
    command_in,
    predict_by_rule,
)


@pytest.mark.parametrize(
    "text",
    ["atendente", "Atendente por favor", "quero falar com um atendente", "falar com alguém",
     "me passa para um humano", "chama um atendente", "quero conversar com uma pessoa",
     "não quero falar com robô, quero atendente", "atendimento humano",
     "posso falar com o gerente?"],
)  # fmt: skip
def test_asking_for_a_human(text):
    assert command_in(text) == CommandWord.HUMAN


@pytest.mark.parametrize(
    "text",
    ["não quero falar com atendente", "não preciso de atendente",
     "quero certificado de pessoa física", "falar sobre e-CPF pessoa física",
     "é para uma pessoa da família"],
)  # fmt: skip
def test_not_asking_for_a_human(text):
    assert command_in(text) != CommandWord.HUMAN


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("menu", CommandWord.MENU),
        ("voltar ao menu", CommandWord.MENU),
        ("quero ver as opções", CommandWord.MENU),
        ("começar de novo", CommandWord.MENU),
        ("ajuda", CommandWord.MENU),
        ("cancelar", CommandWord.CANCEL),
        ("quero cancelar", CommandWord.CANCEL),
        ("cancela isso por favor", CommandWord.CANCEL),
        ("deixa pra lá", CommandWord.CANCEL),
        ("desisto", CommandWord.CANCEL),
        ("não quero mais", CommandWord.CANCEL),
        ("SAIR", CommandWord.LEAVE),
        ("parar", CommandWord.LEAVE),
        ("stop", CommandWord.LEAVE),
        ("descadastrar", CommandWord.LEAVE),
        ("não quero mais receber mensagens", CommandWord.LEAVE),
        ("parem de me mandar mensagem", CommandWord.LEAVE),
        ("me tira dessa lista", CommandWord.LEAVE),
        ("quero voltar a receber os avisos", CommandWord.BACK_IN),
        ("continuar", CommandWord.CONTINUE),
        ("quero continuar de onde paramos", CommandWord.CONTINUE),
    ],
)
def test_commands(text, command):
    assert command_in(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "quero cancelar meu certificado",
        "como faço para sair do e-CAC?",
        "a tela fica no menu e não abre",
        "oi",
        "não consigo continuar a instalação do token",
    ],
)
def test_a_word_inside_a_sentence_is_no_command(text):
    assert command_in(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("meu certificado venceu e não consigo emitir nota", EscalationReason.INVOICE_STOPPED),
        ("nota fiscal parada, certificado vencido", EscalationReason.INVOICE_STOPPED),
        ("certificado expirado, NF-e rejeitada", EscalationReason.INVOICE_STOPPED),
        ("preciso revogar meu certificado", EscalationReason.REVOCATION),
        ("quero cancelar meu e-CNPJ", EscalationReason.REVOCATION),
        ("roubaram meu notebook com o certificado", EscalationReason.REVOCATION),
        ("acho que fui vítima de golpe", EscalationReason.FRAUD),
        ("emitiram um certificado em meu nome", EscalationReason.FRAUD),
        ("quero meu dinheiro de volta", EscalationReason.REFUND),
        ("vocês me cobraram duas vezes", EscalationReason.REFUND),
        ("vou no Procon", EscalationReason.LEGAL_THREAT),
        ("vou acionar meu advogado", EscalationReason.LEGAL_THREAT),
        ("o atendimento de vocês é um lixo", EscalationReason.COMPLAINT),
    ],
)
def test_what_always_goes_to_a_human(text, reason):
    alarm = find_trigger(text)

    assert alarm is not None
    assert alarm.reason == reason


@pytest.mark.parametrize(
    "text",
    ["sou advogado e preciso de um e-CPF", "quando vence meu certificado?",
     "como emitir nota fiscal?", "perdi a senha", "quero renovar antes do vencimento",
     "meu certificado venceu, como renovo?", "não consigo instalar o token"],
)  # fmt: skip
def test_what_does_not(text):
    assert find_trigger(text) is None


def test_a_stopped_invoice_comes_first_and_misunderstandings_last():
    ordered = sorted(PRIORITY, key=lambda reason: PRIORITY[reason])

    assert ordered[0] == EscalationReason.INVOICE_STOPPED
    assert ordered[-1] == EscalationReason.NOT_UNDERSTOOD
    assert set(PRIORITY) == set(EscalationReason)


def test_rules_give_a_certain_understanding_for_the_record():
    assert predict_by_rule("atendente").intent == Intent.TALK_TO_HUMAN
    assert predict_by_rule("preciso revogar").intent == Intent.REVOKE_CERTIFICATE
    assert predict_by_rule("bom dia, tudo bem?").intent == Intent.GREETING
    assert predict_by_rule("muito obrigada!").intent == Intent.THANKS
    assert predict_by_rule("SAIR").source == PredictionSource.RULE
    assert predict_by_rule("quanto custa?") is None


def test_small_rules():
    assert asks_for_ticket("quero abrir um chamado")
    assert cancels_this("pode cancelar esse agendamento")
    assert not cancels_this("cancelar o certificado")
