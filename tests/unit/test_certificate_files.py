from datetime import date

import pytest

from gatte.desk.certificate_files import BadCertificateFile, read_certificates
from gatte.models import CertificateStatus

HEADER = "Telefone;Titular;CPF/CNPJ;Tipo;Válido até;Número de Série;Situação"
GOOD = "(11) 98888-7777;Padaria São João;11.444.777/0001-61;ecnpj a1;31/12/2026;;"


def read(*lines, encoding="utf-8", end="\n"):
    return read_certificates(end.join([HEADER, *lines]).encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_separators_and_line_ends_are_told_by_the_file(encoding, separator, end):
    text = end.join([HEADER, GOOD, ""]).replace(";", separator)

    row = read_certificates(text.encode(encoding)).rows[0]

    assert (row.phone, row.holder, row.document) == (
        "5511988887777",
        "Padaria São João",
        "11444777000161",
    )
    assert (row.kind, row.valid_until, row.line) == ("e-CNPJ A1", date(2026, 12, 31), 2)


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("valid_until", "1/2/27", date(2027, 2, 1)),
        ("valid_until", "01.02.2027", date(2027, 2, 1)),
        ("valid_until", "2027-02-01 23:59:59", date(2027, 2, 1)),
        ("phone", "+55 11 3333-4444", "551133334444"),
        ("phone", "011 98888 7777", "5511988887777"),
        ("phone", "+351 912 345 678", "351912345678"),
        ("document", "191", None),
        ("document", "1444777000161", None),
        ("document", "52998224725", "52998224725"),
        ("document", "3998224781", None),
        ("kind", "A3", "e-CNPJ A3"),
        ("kind", "Certificado Bird ID", "Certificado Bird ID"),
        ("status", "Renovado", CertificateStatus.REVOKED and CertificateStatus.RENEWED),
        ("status", "Ativo", None),
    ],
)
def test_cells_are_read_as_people_write_them(column, cell, value):
    order = ["phone", "holder", "document", "kind", "valid_until", "serial_number", "status"]
    cells = GOOD.split(";")
    cells[order.index(column)] = cell

    file = read(";".join(cells))

    found = [getattr(row, column) for row in file.rows]
    assert found == ([value] if value or column == "status" else [])


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        (GOOD.replace("31/12/2026", "31/02/2026"), "Validade", "não existe"),
        (GOOD.replace("31/12/2026", "12/31/2026"), "Validade", "dia/mês/ano"),
        (GOOD.replace("31/12/2026", "31/12/1926"), "Validade", "2000 e 2099"),
        (GOOD.replace("31/12/2026", "em breve"), "Validade", "31/12/2026"),
        (GOOD.replace("31/12/2026", ""), "Validade", "preencha"),
        (GOOD.replace("0001-61", "0001-62"), "Documento", "verificadores"),
        (GOOD.replace("(11) 98888-7777", "98888-7777"), "Telefone", "DDD"),
        (GOOD.replace("(11) 98888-7777", "5,51E+12"), "Telefone", "Excel"),
        (GOOD + "talvez", "Situação", "deixe vazia"),
    ],
)
def test_each_problem_names_line_column_and_remedy_but_no_value(line, column, words):
    file = read(GOOD.replace("ecnpj", "ecpf"), line)

    assert len(file.rows) == 1
    problem = file.problems[0]
    assert (problem.line, problem.column, len(file.problems)) == (3, column, 1)
    assert words in problem.advice
    assert "São João" not in problem.advice


def test_the_same_certificate_twice_is_told():
    file = read(GOOD, "", GOOD)

    assert (len(file.rows), file.line_count) == (1, 2)
    assert "linha 2" in file.problems[0].advice


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Faltam colunas"),
        (b"PK\x03\x04zip", "planilha do Excel"),
        (b"\x00\x01\x02", "não é um texto"),
        (b"telefone;titular\n1;2", "Documento, Tipo, Validade"),
        (f"{HEADER};celular\n".encode(), "2 colunas para Telefone"),
        (HEADER.encode(), "só tem o cabeçalho"),
        ((HEADER + '\n"' + "x" * 200_000).encode(), "aspas"),
    ],
)
def test_a_file_that_is_none_is_refused_with_what_to_do(content, words):
    with pytest.raises(BadCertificateFile, match=words):
        read_certificates(content)
