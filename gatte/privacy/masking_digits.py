"""Phones, CPF and CNPJ in a text: told from order numbers, prices, times and hashes by form, area
code and check digits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from gatte.privacy.tax_ids import CNPJ_LENGTH, is_cnpj, is_cpf

CPF = "[cpf]"
CNPJ = "[cnpj]"
Match = re.Match[str]

_AREA = r"(?:1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9])"
# what people and telephones put between digits, the unbreakable ones too
_GAP = r"[ .+\-\u00a0\u2010-\u2015\u200b-\u200f]"
_SUBSCRIBER = (
    rf"(?:(?:9{_GAP}{{0,3}}[0-9]{{4}}|[2-9][0-9]{{3}}){_GAP}{{0,3}}[0-9]{{4}}"
    r"|9[0-9]{2}[ \-][0-9]{3}[ \-][0-9]{3})(?![0-9])"
)
_PHONE = re.compile(
    r"(?:(?:\+|00)?55[ ().+\-/\u00a0]{0,3})?\(?(?:0(?:[0-9]{2})?[ \-]?)?"
    rf"{_AREA}\)?[ ).+\-/\u00a0]{{0,3}}{_SUBSCRIBER}"
)
# Where eight digits stand together: only there is the big pattern tried.
_REGION = re.compile(r"[0-9+(][^0-9A-Za-z\n]{0,3}[0-9](?:[^0-9A-Za-z\n]{0,5}[0-9]){6,}")
_NUMBERS = re.compile(
    rf"(?<![0-9])(?:(?P<cnpj>[0-9]{{2}}{_GAP}?[0-9]{{3}}{_GAP}?[0-9]{{3}}{_GAP}?/?"
    rf"{_GAP}?[0-9]{{4}}{_GAP}{{0,3}}[0-9]{{2}}(?![0-9]))"
    rf"|(?P<phone>{_PHONE.pattern})"
    rf"|(?P<mobile>9{_GAP}?[0-9]{{4}}-[0-9]{{4}}(?![0-9]))"
    rf"|(?P<cpf>[0-9]{{3}}{_GAP}?[0-9]{{3}}{_GAP}?[0-9]{{3}}"
    rf"(?:{_GAP}|/){{0,3}}[0-9]{{2}}(?![0-9])))"
    r"|(?P<abroad>(?<![A-Za-z_)])\+[1-9](?:[ ().\-]{0,2}[0-9]){9,14}(?![0-9]))"
)
# UUIDs, hashes and addresses in memory hold runs of digits that mean nothing.
_OPAQUE = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|0x[0-9a-f]{6,16}"
    r"|(?=(?:[0-9]{0,40}[A-Fa-f]){4})(?:[0-9a-f]{24,128}|[0-9A-F]{24,128}))(?![0-9A-Za-z])"
)
_LETTERED_END = re.compile(
    r"[0-9][0-9](?![0-9A-Za-z])(?:(?<=[0-9A-Z]{14})|(?<=[0-9a-z]{14}))(?<![0-9A-Za-z]{15})"
)
_SLASHED_END = re.compile(r"/[0-9A-Za-z]{4}-?[0-9]{2}(?![0-9A-Za-z])")
_LETTERED_SLASH = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/[0-9A-Z]{4}-?[0-9]{2}"
    r"|[0-9a-z]{2}\.?[0-9a-z]{3}\.?[0-9a-z]{3}/[0-9a-z]{4}-?[0-9]{2})(?![0-9A-Za-z])"
)
_PHONE_WORD_FILLERS = (
    r"fixo|residencial|comercial|n[uú]mero|number|n[ºo°]|n|é|e|do|da|de|dele|dela|para|pra"
    r"|no|na|o|meu|seu|cliente|is|em|at|to|for"
)
_PHONE_WORD_HINTS = (
    "tel",
    "fone",
    "phone",
    "mobile",
    "cel",
    "whats",
    "zap",
    "wpp",
    "wa_id",
    "wa.me",
    "msisdn",
    "contato",
    "lig",
)
_PHONE_AFTER_WORD = re.compile(
    r"(?i)(?<![A-Za-z])((?:tel(?:efone)?s?|fones?|phones?|mobile|celular|cel|whats(?:app)?|zap|wpp"
    r"|wa_id|wa\.me|msisdn|contatos?|ligar?|ligue)"
    rf"(?![A-Za-z])(?:[^0-9A-Za-z\n]{{0,4}}(?:{_PHONE_WORD_FILLERS})\b){{0,4}}"
    r"[^0-9A-Za-z\n]{0,6})"
    r"(?<![0-9])([0-9]{8,15}|[2-9][0-9]{3,4}[-. ][0-9]{4})(?![0-9])"
)
_TIME_WORD = re.compile(
    r"(?i)(?:time|stamp|ts|epoch|unix|exp|expires|iat|nbf|at|date|since|until)"
    r"[\"'\\\])]{0,3}\s?[:=]?\s?[\"'\\(]{0,2}\Z"
)
_DATE_AND_TIME = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]"
)
_NOT_ALNUM = re.compile(r"[^0-9A-Za-z]+")


class NumberKind(StrEnum):
    """What a number of a person or a company is."""

    CPF = "cpf"
    CNPJ = "cnpj"
    PHONE = "phone"


@dataclass(frozen=True)
class FoundNumber:
    """A phone, CPF or CNPJ in a text, from `start` up to and without `end`."""

    kind: NumberKind
    start: int
    end: int


def phone_tag(phone: str) -> str:
    """What stands for a phone in a log line: its last two digits tell two people apart, and no
    more.
    """
    return f"[phone …{phone[-2:]}]"


def mask_numbers(text: str) -> str:
    """The text without phones, CPF and CNPJ."""
    if _REGION.search(text):
        text = _mask_after_phone_word(text)
        for region in reversed(list(_REGION.finditer(text))):
            text = _mask_region(text, region.start(), region.end())
    return _mask_lettered_cnpj(text) if len(text) >= 14 else text


def find_numbers(text: str) -> list[FoundNumber]:
    """The phones, CPF and CNPJ of a text; what two rules read may come twice."""
    after_words = _PHONE_AFTER_WORD.finditer(text)
    found = [FoundNumber(NumberKind.PHONE, *said.span(2)) for said in after_words]
    for region in _REGION.finditer(text):
        for number in _NUMBERS.finditer(text, region.start(), region.end()):
            kind = _kind(number)
            if kind is not None and not _is_in_opaque(number):
                found.append(FoundNumber(kind, *number.span()))
    return [*found, *_find_lettered_cnpj(text)]


def _find_lettered_cnpj(text: str) -> Iterator[FoundNumber]:
    for slashed in _LETTERED_SLASH.finditer(text):
        if _reads_as_lettered_cnpj(slashed[0]):
            yield FoundNumber(NumberKind.CNPJ, *slashed.span())
    for ending in _LETTERED_END.finditer(text):
        start = ending.end() - CNPJ_LENGTH
        if is_cnpj(text[start : ending.end()]):
            yield FoundNumber(NumberKind.CNPJ, start, ending.end())


def _mask_region(text: str, start: int, end: int) -> str:
    for found in reversed(list(_NUMBERS.finditer(text, start, end))):
        masked = _number(found)
        if masked != found[0] and not _is_in_opaque(found):
            text = text[: found.start()] + masked + text[found.end() :]
    return text


def _mask_after_phone_word(text: str) -> str:
    lowered = text.lower()
    if not any(hint in lowered for hint in _PHONE_WORD_HINTS):
        return text
    return _PHONE_AFTER_WORD.sub(lambda match: match[1] + phone_tag(match[2]), text)


def _is_in_opaque(found: Match) -> bool:
    text = found.string
    start, end = found.span()
    neighbours = text[max(0, start - 1) : start] + text[end : end + 1]
    if not any(character.isalnum() or character == "-" for character in neighbours):
        return False
    first_digit = start if found[0][0].isdigit() else start + 1
    return any(token.start() <= first_digit < token.end() for token in _OPAQUE.finditer(text))


def _number(match: Match) -> str:
    """What stands for a number in a log line; the number itself when it is nobody's."""
    kind = _kind(match)
    if kind is NumberKind.CPF:
        return CPF
    if kind is NumberKind.CNPJ:
        return CNPJ
    return match[0] if kind is None else phone_tag(match[0])


def _kind(match: Match) -> NumberKind | None:
    found = match[0]
    if match.lastgroup == "phone":
        is_other = found.isdigit() and (_is_time(match) or _is_fraction(match))
        return None if is_other else NumberKind.PHONE
    if match.lastgroup == "cpf":
        return NumberKind.CPF if _reads_as_cpf(found) else None
    if match.lastgroup == "cnpj" and _reads_as_cnpj(found):
        return NumberKind.CNPJ
    if match.lastgroup == "cnpj" and not _PHONE.fullmatch(found):
        return None
    return NumberKind.PHONE


def _is_time(match: Match) -> bool:
    """A bare number of 10 digits may be seconds since 1970: 17 and 18 are area codes too, but their
    landlines start with 2 to 5.
    """
    found = match[0]
    if len(found) != 10 or found[0] != "1":
        return False
    if found[:2] in {"17", "18"} and found[2] in "6789":
        return True
    return _TIME_WORD.search(match.string, max(0, match.start() - 24), match.start()) is not None


def _is_fraction(match: Match) -> bool:
    """What follows a digit and a dot are decimals, unless the country code stands before them."""
    before = match.string[max(0, match.start() - 2) : match.start()]
    return before[-1:] == "." and before[:1].isdigit() and not match[0].startswith(("55", "0055"))


def _reads_as_cpf(found: str) -> bool:
    """Written as a CPF (with its dots, or a dash before the last two digits), or bare with right
    check digits.
    """
    last_gap = found[:-2].rstrip()[-1]
    if (last_gap == "-" and found.count("-") == 1) or (found.count(".") == 2 and last_gap != "."):
        return True
    parts = found.split(".")
    is_address = len(parts) == 4 and all(int(part) < 256 for part in parts if part.isdigit())
    return not is_address and is_cpf(_NOT_ALNUM.sub("", found))


def _reads_as_cnpj(found: str) -> bool:
    """Written as a CNPJ (slash or dots, with the dash), or bare with right check digits and not a
    date and time.
    """
    if found[:-2].rstrip()[-1] == "-" and ("/" in found or found.count(".") > 1):
        return True
    if "/" in found and "." in found:
        return True
    bare = _NOT_ALNUM.sub("", found)
    is_time = (
        found.isdigit() and found[8:12] > "0059" and _DATE_AND_TIME.fullmatch(bare) is not None
    )
    return not is_time and is_cnpj(bare)


def _mask_lettered_cnpj(text: str) -> str:
    if _SLASHED_END.search(text):
        text = _LETTERED_SLASH.sub(
            lambda match: CNPJ if _reads_as_lettered_cnpj(match[0]) else match[0], text
        )
    for match in reversed(list(_LETTERED_END.finditer(text))):
        start = match.end() - 14
        candidate = text[start : match.end()]
        if not candidate.isdigit() and not candidate.startswith("0x") and is_cnpj(candidate):
            text = text[:start] + CNPJ + text[match.end() :]
    return text


def _reads_as_lettered_cnpj(found: str) -> bool:
    root, _, order = found.partition("/")
    if "-" in order and ("." in root or any(character.isdigit() for character in root)):
        return True
    return is_cnpj(_NOT_ALNUM.sub("", found))
