"""Values out of what people really write."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gatte.conversation.escalation_rules import find_trigger
from gatte.conversation.parsing.answers import declines, yes_or_no
from gatte.conversation.parsing.dates import find_day, parse_day
from gatte.conversation.parsing.day_wishes import show_day
from gatte.conversation.parsing.documents import find_document, parse_document, show_document
from gatte.conversation.parsing.names import (
    find_company,
    find_email,
    find_name,
    parse_company,
    parse_email,
    parse_name,
)
from gatte.conversation.parsing.normalize import normalize_text, truncate
from gatte.conversation.parsing.products import find_product, parts_of, parts_of_answer
from gatte.conversation.parsing.times import find_period, parse_period
from gatte.conversation.rules import command_in, predict_by_rule
from gatte.conversation.secret_detection import holds_password

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))


@pytest.mark.parametrize(
    "text",
    ["sim", "s", "Simmm", "ss", "isso", "isso mesmo", "pode ser", "pode sim", "claro",
     "com certeza", "ok", "okay", "blz", "beleza", "tá certo", "está correto", "confirmo", "exato",
     "👍", "✅", "quero sim", "aham", "perfeito", "tudo certo", "sim, pode enviar",
     "pode mandar", "isso aí"],
)  # fmt: skip
def test_yes_in_many_forms(text):
    assert yes_or_no(text) is True


@pytest.mark.parametrize(
    "text",
    ["não", "nao", "n", "nn", "não quero", "negativo", "errado", "tá errado",
     "não está certo", "nada disso", "claro que não", "👎", "não precisa",
     "nope", "não, obrigado", "ainda não", "pode não"],
)  # fmt: skip
def test_no_in_many_forms(text):
    assert yes_or_no(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "não sei",
        "sim não",
        "sim, mas o e-mail está errado",
        "talvez",
        "quanto custa?",
        "João",
        "por que não?",
        "sim quero falar com atendente",
    ],
)
def test_neither_yes_nor_no(text):
    assert yes_or_no(text) is None


@pytest.mark.parametrize(
    "text", ["não tenho", "nao tenho email", "pular", "sem e-mail", "nenhum", "não quero informar"]
)
def test_having_none(text):
    assert declines(text)


@pytest.mark.parametrize("text", ["não sei", "tenho", "joao@x.com", "não"[:0]])
def test_not_having_said_none(text):
    assert not declines(text)


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("529.982.247-25", "52998224725"),
        ("meu cpf é 52998224725, tá?", "52998224725"),
        ("529 982 247 25", "52998224725"),
        ("45.997.418/0001-53", "45997418000153"),
        ("45997418/0001-53", "45997418000153"),
        ("45 997 418 0001 53", "45997418000153"),
        ("cnpj 12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("12abc34501de35", "12ABC34501DE35"),
        ("00.000.000/E08G-12", "00000000E08G12"),
        ("João, 529.982.247-25, joao@x.com", "52998224725"),
    ],
)
def test_documents_are_found_in_any_form(text, document):
    assert find_document(text).value == document
    assert parse_document(text).value == document


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("529.982.247-26", "cpf_check"),
        ("cpf 11987654320", "cpf_check"),
        ("45.997.418/0001-54", "cnpj_check"),
        ("12.ABC.345/01DE-36", "cnpj_check"),
        ("LBNXQOB5000163", "cnpj_check"),
        ("111.111.111-11", "cpf_check"),
        ("00000000000000", "cnpj_check"),
        ("11987654321", "phone"),
        ("12345", "document_length"),
        ("123456789012345678", "document_length"),
        ("não sei de cabeça", "document_missing"),
    ],
)
def test_a_wrong_document_is_told_apart(text, problem):
    assert parse_document(text).problem == problem


def test_documents_are_shown_with_punctuation():
    assert show_document("52998224725") == "529.982.247-25"
    assert show_document("12ABC34501DE35") == "12.ABC.345/01DE-35"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("João da Silva", "João da Silva"),
        ("joão da silva", "João da Silva"),
        ("MARIA APARECIDA DOS SANTOS", "Maria Aparecida dos Santos"),
        ("meu nome é Ana Lima", "Ana Lima"),
        ("pode anotar aí: João, cnpj 12.ABC.345/01DE-35", "João"),
        ("sou o Pedro", "Pedro"),
        ("é Joana, meu email é j@x.com", "Joana"),
        ("o certo é Luís Ávila", "Luís Ávila"),
        ("Zé d'Ávila", "Zé d'Ávila"),
        ("Ana-Clara Souza", "Ana-Clara Souza"),
    ],
)
def test_names_are_read_out_of_answers(text, name):
    assert parse_name(text).value == name


@pytest.mark.parametrize(
    "text",
    [
        "oi",
        "quero renovar",
        "quanto custa?",
        "123",
        "x",
        "não sei",
        "😀",
        "meu certificado venceu",
        "a" * 61,
    ],
)
def test_what_is_no_name(text):
    assert parse_name(text).problem == "name_missing"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("me chamo Ana", "Ana"),
        ("nome: Rui Costa, cpf 1", "Rui Costa"),
        ("João da Silva", "João da Silva"),
        ("joao da silva 529.982.247-25", "Joao da Silva"),
        ("Padaria da Silva", None),
        ("é o João da Silva?", None),
        ("aqui é a Bia", "Bia"),
        ("aqui é da padaria central", None),
        ("quem fala é claudia ramos do escritório", "Claudia Ramos"),
    ],
)
def test_volunteered_names_are_introduced_or_whole(text, name):
    assert find_name(text).value == name


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("Padaria Estrela Ltda", "Padaria Estrela Ltda"),
        ("a empresa é Sol & Mar", "Sol & Mar"),
        ("razão social: 3 Irmãos ME, cnpj 1", "3 Irmãos ME"),
    ],
)
def test_companies_are_read_out_of_answers(text, company):
    assert parse_company(text).value == company


def test_a_volunteered_company_is_introduced_and_starts_with_a_capital():
    assert find_company("sou da empresa Estrela").value == "Estrela"
    assert find_company("é para a minha empresa mesmo").value is None


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Joao.Silva@Empresa.com.br", "joao.silva@empresa.com.br"),
        ("errei, o e-mail é ana@x.com", "ana@x.com"),
        ("joao arroba gmail ponto com", "joao@gmail.com"),
        ("joao @ gmail . com", "joao@gmail.com"),
        ("a@x.com na verdade b@x.com", "b@x.com"),
        ("meu email: ana_b+nf@x-y.com.br.", "ana_b+nf@x-y.com.br"),
    ],
)
def test_emails_are_found(text, email):
    assert find_email(text).value == email


@pytest.mark.parametrize(
    ("text", "problem"),
    [("joao@", "email_shape"), ("joao@gmail", "email_shape"), ("joao.com", "email_missing")],
)
def test_a_wrong_email_is_told_apart(text, problem):
    assert parse_email(text).problem == problem


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("quero um e-CNPJ A1", "e-CNPJ A1"),
        ("ecnpj", "e-CNPJ"),
        ("e cpf a3 por favor", "e-CPF A3"),
        ("certificado para minha empresa", "e-CNPJ"),
        ("pessoa física", "e-CPF"),
        ("certificado para nota fiscal", "NF-e"),
        ("e-CNPJ, aquele de arquivo", "e-CNPJ A1"),
        ("o e-cpf de token", "e-CPF A3"),
        ("e-CNPJ que não precisa de pendrive", "e-CNPJ A1"),
        ("certificado para emitir nota fiscal", None),
    ],
)
def test_products_are_found(text, product):
    assert find_product(text).value == product


def test_a_kind_and_a_model_that_are_said_apart_make_one_product():
    kind = parts_of_answer("o da empresa")
    model = parts_of_answer("o de arquivo")

    assert model.with_known(kind).name == "e-CNPJ A1"
    assert parts_of(kind.name) == kind
    assert not kind.whole


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("hoje", "2026-11-23"),
        ("amanhã de manhã", "2026-11-24"),
        ("depois de amanhã", "2026-11-25"),
        ("sexta 14h", "2026-11-27"),
        ("pode ser na quarta-feira?", "2026-11-25"),
        ("segunda que vem", "2026-11-30"),
        ("terça da semana que vem", "2026-12-01"),
        ("dia 15", "2026-12-15"),
        ("15/12", "2026-12-15"),
        ("05/01", "2027-01-05"),
        ("2/2/27", "2027-02-02"),
        ("15 de dezembro", "2026-12-15"),
        ("daqui a 3 dias", "2026-11-26"),
        ("daqui duas semanas", "2026-12-07"),
        ("boa tarde, quinta", "2026-11-26"),
    ],
)
def test_days_as_people_say_them(text, day):
    assert find_day(text, MONDAY).value == day
    assert parse_day(text, MONDAY).value == day


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("31/02", "day_missing"),
        ("na verdade não sei", "day_missing"),
        ("amanhã não", "day_refused"),
    ],
)
def test_a_day_that_cannot_be_is_told_apart(text, problem):
    assert parse_day(text, MONDAY).problem == problem


def test_the_day_is_that_of_the_company_and_not_of_utc():
    late = datetime(2026, 11, 23, 23, 30, tzinfo=ZoneInfo("America/Sao_Paulo"))

    assert find_day("amanhã", late).value == "2026-11-24"


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("amanhã de manhã", "manhã"),
        ("à tarde", "tarde"),
        ("sexta 14h", "14h"),
        ("às 9:30", "9h30"),
        ("2 da tarde", "14h"),
        ("duas da tarde", "14h"),
        ("9 da manhã", "9h"),
        ("às 3", "15h"),
        ("meio-dia", "12h"),
        ("cedo", "cedo"),
        ("amanhã", None),
        ("boa tarde", None),
        ("15/12", None),
    ],
)
def test_parts_of_the_day(text, period):
    assert find_period(text).value == period


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("às 25h", "hour_outside"),
        ("abc", "period_missing"),
    ],
)
def test_an_hour_that_cannot_be_is_told_apart(text, problem):
    assert parse_period(text).problem == problem


def test_days_are_shown_with_their_weekday():
    assert show_day("2026-11-27") == "sexta-feira, 27/11"


def test_text_is_folded_for_comparing():
    assert normalize_text("  AMANHÃ   de Manhãaaaa ") == "amanha de manha"
    assert truncate("uma frase bem comprida", 12) == "uma frase…"


@pytest.mark.parametrize(
    "text",
    [
        "a senha é 1234",
        "senha: abc",
        "senha do certificado = Xy9!",
        "PIN 4321",
        "a senha do arquivo é Gato#7",
        "puk: 9988",
    ],
)
def test_a_password_is_recognised(text):
    assert holds_password(text)


@pytest.mark.parametrize(
    "text",
    [
        "esqueci a senha",
        "qual é a senha?",
        "minha senha é fraca?",
        "perdi o PIN do token",
        "a senha é obrigatória?",
        "bloqueei o PUK",
    ],
)
def test_speaking_of_passwords_is_no_password(text):
    assert not holds_password(text)


PIECES = (
    " ",
    "a",
    "1",
    "o ",
    "@",
    ".",
    "1.",
    "-",
    "a@",
    "é ",
    "senha ",
    "nome é ",
    " ponto ",
    "arroba",
    "ab1",
    "\n",
    "pode ",
    "empresa ",
    "quero falar ",
)


@pytest.mark.parametrize("piece", PIECES)
def test_no_text_keeps_a_parser_busy(piece):
    text = (piece * 4096)[:4096]
    started = time.process_time()

    for parse in (
        parse_name,
        find_name,
        parse_company,
        find_company,
        parse_email,
        parse_document,
        find_product,
        parse_period,
        holds_password,
    ):
        parse(text)
    for understand_by in (command_in, find_trigger, predict_by_rule, yes_or_no, declines):
        understand_by(text)
    find_day(text, MONDAY)

    assert time.process_time() - started < 2.0
