"""Personal values become placeholders before anything leaves, and are put back exactly."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatte.intelligence.pseudonymization import (
    PLACEHOLDER,
    HiddenText,
    Pseudonymizer,
    Record,
    UnknownPlaceholder,
)
from tests.quality import wire
from tests.quality.value_spellings import SPELLINGS
from tests.unit.test_long_texts import LENGTH, slow, texts

JOANA = Record(
    names=("Joana Prado Dias",),
    companies=("Padaria Jacarandá Ltda",),
    others=("contrato azul",),
)


def hidden(text: str, record: Record = JOANA) -> str:
    return Pseudonymizer(record).hide(text).text


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("cpf 529.982.247-25", "cpf [CPF_1]"),
        ("cpf 52998224725 ou 529.982.247-25", "cpf [CPF_1] ou [CPF_1]"),
        ("cnpj 45.997.418/0001-53", "cnpj [CNPJ_1]"),
        ("me liga no (41) 99876-5432", "me liga no [TELEFONE_1]"),
        ("é ana@exemplo.com.br", "é [EMAIL_1]"),
        ("ana arroba exemplo ponto com", "[EMAIL_1]"),
        ("cartão 4111 1111 1111 1111", "cartão [CARTAO_1]"),
        ("a senha é Maria1985", "a senha é [SENHA_1]"),
        ("minha senha do pfx Maria1985", "minha senha do pfx [SENHA_1]"),
        ("acho que era dirce1971", "acho que era [CODIGO_1]"),
        ("nasci em 12/03/1980", "nasci em [NASCIMENTO_1]"),
        ("cpf errado 12345678900", "cpf errado [NUMERO_1]"),
        ("cep 80010-000", "cep [NUMERO_1]"),
        ("rg 12.345.678-X", "rg [NUMERO_1]"),
        ("token EAAabcdefghijklmnop1234", "token [CHAVE_1]"),
        ("\uff15\uff12\uff19.982.247-25", "[CPF_1]"),
        ("529\u200b98224725", "[CPF_1]"),
        ("sou a joana", "sou a [NOME_1]"),
        ("JOANA PRADO DIAS aqui", "[NOME_1] aqui"),
        ("da padaria jacaranda ltda", "da [EMPRESA_1]"),
        ("o meu é Contrato Azul", "o meu é [TEXTO_1]"),
    ],
)
def test_a_personal_value_is_hidden(text, sent):
    assert hidden(text) == sent


@pytest.mark.parametrize(
    "text",
    [
        "quero um e-CNPJ A1 em 3 dias",
        "erro 280 no A3",
        "dia 25/12/2026 às 14h30",
        "às 14h30 ou 10h00, tubo de 10mm",
        "custa R$ 1.500.000,00?",
        "esqueci a senha do A3, socorro!!",
        "chamado 402",
        "vence em 2026-03-11",
        "tenho 2 certificados e 15 notas",
    ],
)
def test_what_is_nobodys_stays(text):
    assert hidden(text) == text


def test_a_word_that_is_a_name_too_is_hidden_where_it_is_written_as_one():
    assert hidden("faz 3 dias que a Dias falou") == "faz 3 dias que a [NOME_1] falou"


def test_the_same_value_has_the_same_placeholder_in_all_texts_of_a_call():
    one = Pseudonymizer()

    assert one.hide("529.982.247-25 ou 111.444.777-35").text == "[CPF_1] ou [CPF_2]"
    assert one.hide("o 11144477735").text == "o [CPF_2]"


def test_a_password_is_hidden_though_the_word_for_it_stands_in_the_message_before():
    messages = ["qual a senha do token", "botei 1234 e n vai", "em 2026"]
    sent = Pseudonymizer().hide_messages(messages)

    assert [one.text for one in sent] == [messages[0], "botei [SENHA_1] e n vai", messages[2]]


def test_names_that_are_told_or_asked_for_are_hidden_in_the_whole_dialogue():
    one = Pseudonymizer()
    history = [("bot", "Qual é o seu nome completo?"), ("customer", "Iara Wagner")]
    one.learn_from_dialogue(history, ["meu nome é Davi Schuch"])

    assert one.hide("a Iara e o Schuch").text == "a [NOME_1] e o [NOME_2]"


def test_a_name_that_no_rule_knows_is_not_hidden():
    assert hidden("quem usa é o Quintela") == "quem usa é o Quintela"


def test_placeholders_of_an_answer_are_put_back():
    one = Pseudonymizer(JOANA)
    one.hide("Joana, 529.982.247-25")

    assert one.restore("Certo, [NOME_1]: [CPF_1].") == "Certo, Joana: 529.982.247-25."


def test_a_placeholder_that_was_never_given_is_refused():
    with pytest.raises(UnknownPlaceholder):
        Pseudonymizer(JOANA).restore("Certo, [NOME_9].")


def test_a_placeholder_that_the_customer_types_stands_for_itself():
    one = Pseudonymizer(JOANA)
    sent = one.hide("529.982.247-25 não é [CPF_1]")

    assert sent.text == "[CPF_1] não é [TEXTO_1]"
    assert one.restore("[TEXTO_1]") == "[CPF_1]"


@pytest.mark.parametrize(
    ("span", "original"),
    [
        ("[CPF_1]", "529.982.247-25"),
        ("cpf [CPF_1] ou", "cpf 529.982.247-25 ou"),
        ("ou [CPF_1]", "ou 52998224725"),
        ("cpf", "cpf"),
        ("[CPF_2]", None),
        ("CPF_1]", None),
        ("e-mail", None),
        ("", None),
    ],
)
def test_a_span_stands_for_the_customers_own_letters(span, original):
    sent = Pseudonymizer().hide("cpf 529.982.247-25 ou 52998224725")

    assert sent.original_of(span) == original


@given(st.text(alphabet=string.ascii_letters + string.digits + " .-/@[]_áÉ", max_size=80))
def test_the_whole_text_is_got_back(text):
    sent = Pseudonymizer(JOANA).hide(text)

    assert not text or sent.original_of(sent.text) == text
    assert len(PLACEHOLDER.findall(sent.text)) == len(sent.originals)


def test_a_text_without_values_is_itself():
    assert Pseudonymizer().hide("oi") == HiddenText("oi")


def test_hiding_a_long_text_takes_no_time():
    assert not slow(lambda text: Pseudonymizer(JOANA).hide(text), texts(LENGTH // 4))


@pytest.mark.parametrize("way", SPELLINGS)
@pytest.mark.parametrize("pieces", [1, 2])
def test_a_number_is_hidden_however_it_is_spelled_and_sent(way, pieces):
    for seed in range(20):
        values = wire.personal_values(random.Random(seed))
        number = "".join(filter(str.isalnum, values["cnpj"]))
        said = f"então o da firma é {SPELLINGS[way](number)}, confere?"
        cut = len(said) // pieces if way != "two lines" else len(said)
        sent = Pseudonymizer().hide_messages([said[:cut], said[cut:]])

        assert list(wire.leaks(" ".join(one.text for one in sent), {"cnpj": number})) == []


def test_each_number_of_a_list_keeps_a_placeholder_of_its_own():
    listed = hidden("validade desses\n69577265000153\n86749438000192\n04122974000107")

    assert listed == "validade desses\n[CNPJ_1]\n[CNPJ_2]\n[CNPJ_3]"


@pytest.mark.parametrize(
    "words",
    [
        "quero um e-CNPJ A1 e um A3 para 2026",
        "CNPJ A1 2026 NF",
        "tenho 2",
        "são 10 20 ou 30",
        "1\n2\n3",
    ],
)
def test_short_numbers_and_products_stay(words):
    assert hidden(words) == words


def test_a_part_of_a_number_maps_back_to_the_letters_of_its_message():
    first, second = Pseudonymizer().hide_messages(["o cpf é 529982", "24725 isso"])

    assert (first.text, second.text) == ("o cpf é [NUMERO_1]", "[CPF_1] isso")
    assert second.original_of("[CPF_1]") == "24725"
