"""Files of certificates (CSV), as people make them of their own systems: read leniently where that
is safe, and refused line by line where it is not, in words that say what to do.

Separators `;` `,` and tab; UTF-8, Windows-1252 and UTF-16; Brazilian dates; columns by name, in any
order. Problems name lines and columns and never hold what stood there.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from gatte.conversation.parsing.normalize import fold
from gatte.desk import certificate_cells as cells
from gatte.desk.certificate_cells import BadCell
from gatte.models import CertificateStatus

if TYPE_CHECKING:
    from _csv import Reader

MOST_LINES = 200_000
LONGEST_LINE = 5_000
SEPARATORS = ";,\t"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SPREADSHEET_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class BadCertificateFile(Exception):
    """A file cannot be read at all; the message says in Portuguese what to do."""


@dataclass(frozen=True)
class Column:
    """A column: its name, other names that it goes by (folded), and how a cell is read."""

    title: str
    names: tuple[str, ...]
    read: Callable[[str], object]
    required: bool = False


COLUMNS: dict[str, Column] = {
    "phone": Column(
        "Telefone",
        ("telefone", "celular", "whatsapp", "fone", "phone"),
        cells.read_phone,
        required=True,
    ),
    "holder": Column(
        "Titular",
        ("titular", "nome", "razao social", "cliente", "holder"),
        cells.read_text,
        required=True,
    ),
    "document": Column(
        "Documento",
        ("documento", "cpf", "cnpj", "cpf/cnpj", "cpf ou cnpj", "cnpj/cpf", "document"),
        cells.read_document,
        required=True,
    ),
    "kind": Column(
        "Tipo",
        ("tipo", "certificado", "produto", "modelo", "kind"),
        cells.read_kind,
        required=True,
    ),
    "valid_until": Column(
        "Validade",
        ("validade", "valido ate", "vencimento", "vence em", "data de vencimento", "valid until"),
        cells.read_day,
        required=True,
    ),
    "issued_on": Column(
        "Emissão",
        ("emissao", "emitido em", "data de emissao", "issued on"),
        cells.read_day,
    ),
    "issuer": Column(
        "Emissor",
        ("emissor", "autoridade certificadora", "ac", "issuer"),
        cells.read_text,
    ),
    "serial_number": Column(
        "Número de série",
        ("numero de serie", "serie", "serial", "serial number"),
        cells.read_text,
    ),
    "status": Column("Situação", ("situacao", "status"), cells.read_status),
    "contact_name": Column(
        "Contato",
        ("contato", "nome do contato", "responsavel"),
        cells.read_text,
    ),
}


@dataclass(frozen=True)
class CertificateRow:
    """A certificate as a line of a file tells it; `status` only where it was renewed or revoked,
    for the others follow from the last day.
    """

    line: int
    phone: str
    holder: str
    document: str
    kind: str
    valid_until: date
    issued_on: date | None = None
    issuer: str | None = None
    serial_number: str | None = None
    status: CertificateStatus | None = None
    contact_name: str | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What two lines on the same certificate have in common."""
        return self.document, self.kind, self.valid_until, self.serial_number


@dataclass(frozen=True)
class LineProblem:
    """What keeps a line out, and what to do about it."""

    line: int
    column: str
    advice: str


@dataclass(frozen=True)
class CertificateFile:
    """What a file holds: rows that can be stored, problems of the other lines, lines in all."""

    rows: tuple[CertificateRow, ...]
    problems: tuple[LineProblem, ...]
    line_count: int


def read_certificates(content: bytes) -> CertificateFile:
    """Read a file; BadCertificateFile when it is none of certificates."""
    text = _decode(content)
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return _read_lines(reader)
    except csv.Error:
        raise BadCertificateFile(
            f"A linha {reader.line_num} não pode ser lida: veja se há aspas abertas ou um texto"
            " longo demais nela."
        ) from None


def _decode(content: bytes) -> str:
    if content.startswith(SPREADSHEET_MARKS):
        raise BadCertificateFile(
            "Este arquivo é uma planilha do Excel. Abra e salve como CSV (separado por vírgulas)."
        )
    encodings = ("utf-16",) if content.startswith(UTF_16_MARKS) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise BadCertificateFile("O arquivo não é um texto. Salve a planilha como CSV UTF-8.")


def _separator(text: str) -> str:
    """The separator that the first line has most of."""
    first = text.lstrip().partition("\n")[0]
    return max(SEPARATORS, key=first.count)


def _read_lines(reader: "Reader") -> CertificateFile:
    header = next((line for line in reader if any(cell.strip() for cell in line)), [])
    places = _places(header)
    rows: list[CertificateRow] = []
    problems: list[LineProblem] = []
    seen: dict[tuple[object, ...], int] = {}
    count = 0
    for record in reader:
        if not any(cell.strip() for cell in record):
            continue
        count += 1
        if count > MOST_LINES:
            raise BadCertificateFile(f"O arquivo passa de {MOST_LINES} linhas: divida em partes.")
        row = _read_row(record, reader.line_num, places, problems)
        if row is None:
            continue
        before = seen.setdefault(row.identity, row.line)
        if before == row.line:
            rows.append(row)
        else:
            advice = f"é o mesmo certificado da linha {before}: apague uma das duas"
            problems.append(LineProblem(row.line, "Linha inteira", advice))
    if not count:
        raise BadCertificateFile("O arquivo só tem o cabeçalho: não há certificados nele.")
    return CertificateFile(tuple(rows), tuple(problems), count)


def _places(header: list[str]) -> dict[str, int]:
    """Where each column stands; BadCertificateFile names those that are missing or stand twice."""
    names = [" ".join(fold(cell).replace("_", " ").split()) for cell in header]
    places: dict[str, int] = {}
    for key, column in COLUMNS.items():
        found = [place for place, name in enumerate(names) if name in column.names]
        if len(found) > 1:
            raise BadCertificateFile(
                f"Há {len(found)} colunas para {column.title}: deixe só uma com esse nome."
            )
        if found:
            places[key] = found[0]
    missing = [
        column.title for key, column in COLUMNS.items() if column.required and key not in places
    ]
    if missing:
        raise BadCertificateFile(
            f"Faltam colunas na primeira linha: {', '.join(missing)}. A primeira linha deve ter os"
            f" nomes das colunas: {', '.join(column.title for column in COLUMNS.values())}"
            " (as cinco primeiras são obrigatórias)."
        )
    return places


def _read_row(
    record: list[str], line: int, places: Mapping[str, int], problems: list[LineProblem]
) -> CertificateRow | None:
    """The certificate of a line; None when it has problems, which are added to the others."""
    values: dict[str, object] = {}
    wrong = len(problems)
    if sum(len(cell) for cell in record) > LONGEST_LINE:
        problems.append(LineProblem(line, "Linha inteira", "é longa demais: confira as aspas"))
        return None
    for key, place in places.items():
        column = COLUMNS[key]
        cell = record[place].strip() if place < len(record) else ""
        if not cell:
            if column.required:
                problems.append(LineProblem(line, column.title, "está vazia: preencha"))
            continue
        try:
            values[key] = column.read(cell)
        except BadCell as problem:
            problems.append(LineProblem(line, column.title, str(problem)))
    if len(problems) > wrong:
        return None
    values["kind"] = cells.complete_kind(str(values["kind"]), str(values["document"]))
    return CertificateRow(line=line, **values)  # type: ignore[arg-type] # each read by its column
