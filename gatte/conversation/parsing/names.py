"""Names of people and companies, and e-mail addresses."""

import re
from functools import cache
from pathlib import Path

from gatte.conversation.parsing.answers import HOLD_ON, asks_for_a_moment
from gatte.conversation.parsing.documents import ALPHANUMERIC, NUMERIC
from gatte.conversation.parsing.normalize import (
    NO_MATCH,
    ParseResult,
    normalize_text,
    truncate,
    word_set,
    words,
)

NAME_LENGTH, COMPANY_LENGTH, EMAIL_LENGTH = 60, 80, 80
EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE)
SPOKEN = (
    (re.compile(r" ?[(\[]? ?\barroba\b ?[)\]]? ?", re.IGNORECASE), "@"),
    (re.compile(r" ponto ", re.IGNORECASE), "."),
)
SPACED = re.compile(r"(\S) ?@ ?([^\s@]+?) ?\. ?(com(?: ?\. ?br)?|br|net|org)\b", re.IGNORECASE)

LEAD = re.compile(
    r"^(?:\W*(?:"
    r"pode(?:\s+(?:anotar|colocar|ser|por|p[oô]r))?|anot[ae]r?(?:\s+a[ií])?|a[ií]|claro|sim|ok|"
    r"oi|ol[aá]|bom dia|boa tarde|boa noite|"
    r"(?:o\s+)?meu nome(?:\s+completo)?\s+[eé]|"
    r"nome(?:\s+completo)?(?:\s+d(?:el[ea]|[ao]\s+\w+|[ao]\s+(?:meu|minha)\s+\w+)(?=\s+[eé]\b))?"
    r"(?:\s+[eé])?|"
    r"me chamo|eu\s+sou|sou|aqui\s+[eé]|"
    r"(?:mud|troc|alter|corrig)[aei]r?(?:\s+(?:o\s+)?nome)?\s+(?:para|pra)|"
    r"(?:o\s+)?(?:certo|correto)\s+[eé]|[eé]|o|a"
    r")\b)+"
    r"[\s:,-]*",
    re.IGNORECASE,
)
SAID_NAME = re.compile(
    r"\b(?:meu nome(?:\s+completo)?\s+[eé]|me chamo|nome(?:\s+completo)?\s*:|"
    r"anot\w+(?:\s+a[ií])?\s*:|aqui\s+[eé]\b|"
    r"(?:eu\s+)?sou\s+[oa]\s+(?=(?-i:[A-ZÀ-Ý])))\s*(?:o\s+|a\s+)?",
    re.IGNORECASE,
)
LOOSELY_SAID = re.compile(
    r"\b(?:aqui\s+[eé]|quem fala [eé]|sou|nome)\s+(?:o\s+|a\s+)?", re.IGNORECASE
)
"""What leads up to a name, and to much else: only a first name that is known counts after it."""
TRADE = re.compile(
    r"\s+d[aoe]s?\s+(?:padaria|loja|lojinha|empresa|escrit[oó]rio|mercado|mercadinho|s[ií]tio"
    r"|fazenda|firma|oficina|farm[aá]cia|cl[ií]nica|consult[oó]rio|restaurante|sal[aã]o|contabilidade"
    r"|transportadora|f[aá]brica|posto|bar|feira|igreja|condom[ií]nio|sindicato|cooperativa)\b.*",
    re.IGNORECASE,
)
"""Where somebody works, said after the name."""
SMALL_WORDS = frozenset({"da", "de", "do", "das", "dos", "e"})
FIRST_NAMES = Path(__file__).with_name("first_names.txt")
SAID_COMPANY = re.compile(
    r"\b(?:raz[aã]o social|nome d[ao] (?:empresa|loja|firma|neg[oó]cio)|minha empresa|da empresa"
    r"|empresa|(?:loja|lojinha|firma|neg[oó]cio)(?= (?:se )?chama\b))\s*"
    r"(?:[eé]\s+|:\s*|se chama\s+|chama\s+)?(?:a\s+|o\s+)?",
    re.IGNORECASE,
)
LABELS = re.compile(
    r"\b(?:cnpj|cpf|e-?mail|fone|telefone|documento|doc)\b\s*[:eé]?\s*(?=\W|$)", re.IGNORECASE
)
BREAK = re.compile(r"[,;\n|]|\s-\s|\.\s|\s+e\s+(?=(?:meu|minha|o|a)\b)")
NAME = re.compile(r"^[^\W\d_]+(?:['’.-][^\W\d_]+)*(?: [^\W\d_]+(?:['’.-][^\W\d_]+)*\.?){0,6}$")
NOT_NAMES = word_set(
    "tipo dado dados nome assunto resolveu quero queria preciso gostaria certificado "
    "certificados renovar comprar vencimento vence venceu menu atendente humano ajuda duvida "
    "preco valor quanto qual como quando onde porque por que oi ola bom boa dia tarde noite "
    "nao sim sei cancelar sair parar voltar token cartao senha nota fiscal e-cnpj e-cpf "
    "ecnpj ecpf a1 a3 nf-e nfe obrigado obrigada valeu ok tchau isso errado errei agendar "
    "chamado problema erro meu minha seu sua voces voce vcs vc tenho pode poderia estou ta "
    "esta aqui tudo bem certo pessoa empresa cnpj cpf email e-mail digital instalar emitir "
    "pagar boleto pix documento documentos mas para pra com eu ele ela na verdade amanha "
    "hoje depois agora ainda ja so mais menos muito nada algum alguma nenhum nenhuma esse "
    "essa este esta isto aquilo um uma que q perai pera espera calma minuto minutinho momento "
    "segundo instante saiu chegou entrou vou acho achei deixa dele dela era foi vai tem ver "
    "olhar buscar pegar volto primeiro acento sobrenome"
)


def _without_data(text: str) -> str:
    """The text without e-mails, documents and their labels: what is left can be a name."""
    for pattern in (EMAIL, ALPHANUMERIC, NUMERIC, LABELS):
        text = pattern.sub(", ", text)
    return text


def _as_name(text: str) -> str | None:
    name = " ".join(text.strip(" .:!-\t").split())
    if (
        not name
        or len(name) > NAME_LENGTH
        or not NAME.match(name)
        or set(words(name)) & NOT_NAMES
        or len(name) < 2
    ):
        return None
    mixed_case = any(mark.isupper() for mark in name) and not name.isupper()
    return name if mixed_case else _capitalised(name)


def _capitalised(name: str) -> str:
    return " ".join(
        part if part in SMALL_WORDS else part.capitalize() for part in name.lower().split()
    )


def _names(text: str) -> list[str]:
    """The names among the parts of a text; a name that is said again in full counts in full: "o
    Davi, Davi Reis".
    """
    chunks = BREAK.split(_without_data(text))
    bare = (TRADE.sub("", LEAD.sub("", chunk.strip())) for chunk in chunks)
    names = [name for one in bare if (name := _as_name(one))]
    return [
        next((fuller for fuller in names if fuller.startswith(f"{name} ")), name) for name in names
    ]


def parse_name(text: str) -> ParseResult:
    """A person's name given as an answer, with whatever leads up to it and other data around it
    left out.
    """
    names = _names(LEAD.sub("", text.strip()))
    if names:
        return ParseResult(names[0])
    return ParseResult(problem=HOLD_ON if asks_for_a_moment(text) else "name_missing")


def find_name(text: str) -> ParseResult:
    """A name that the customer introduces as one ("meu nome é ...", "anota aí: ..."), or a whole
    one that begins with a common first name and stands by itself: "Ana Souza, 529.982.247-25".
    """
    said = SAID_NAME.search(text)
    introduced = text[said.end() :] if said else ""
    first = _as_name(BREAK.split(_without_data(introduced))[0])
    if first and words(first)[0] not in SMALL_WORDS:
        return ParseResult(_names(introduced)[0])
    if "?" in text:
        return NO_MATCH
    loose = LOOSELY_SAID.search(text)
    told = text[loose.end() :] if loose else text
    parts = [name for part in told.split(": ") for name in _names(part)]
    whole = next((name for name in parts if _is_whole_name(name)), None)
    return ParseResult(whole) if whole else NO_MATCH


def _is_whole_name(name: str) -> bool:
    """Whether a name has two parts or more, and begins with a first name that is known."""
    parts = words(name)
    return len(parts) > 1 and parts[0] in _first_names()


@cache
def _first_names() -> frozenset[str]:
    """Common first names in Brazil, folded."""
    return word_set(FIRST_NAMES.read_text(encoding="utf-8"))


def parse_company(text: str) -> ParseResult:
    """A company's name given as an answer."""
    if asks_for_a_moment(text):
        return ParseResult(problem=HOLD_ON)
    answer = LEAD.sub("", text.strip())
    said = SAID_COMPANY.match(answer)
    bare = answer[said.end() :] if said else answer
    chunk = BREAK.split(_without_data(bare))[0].strip(" .:-")
    if len(chunk) < 2 or not any(mark.isalpha() for mark in chunk):
        return ParseResult(problem="company_missing")
    return ParseResult(truncate(chunk, COMPANY_LENGTH))


def find_company(text: str) -> ParseResult:
    """A company that is introduced as one ("razão social: ...", "da empresa ...")."""
    said = SAID_COMPANY.search(text)
    if not said or not text[said.end() : said.end() + 1].isupper():
        return NO_MATCH
    chunk = BREAK.split(_without_data(text[said.end() :]))[0].strip(" .:-")
    return ParseResult(truncate(chunk, COMPANY_LENGTH)) if len(chunk) > 1 else NO_MATCH


def _normal_email(text: str) -> str:
    text = " ".join(text.split())
    for pattern, mark in SPOKEN:
        text = pattern.sub(mark, text)
    return SPACED.sub(lambda match: f"{match[1]}@{match[2]}.{match[3].replace(' ', '')}", text)


def find_email(text: str) -> ParseResult:
    """The last e-mail address in the text, in lower case; "joao arroba gmail ponto com" counts."""
    if "@" not in text and "arroba" not in normalize_text(text):
        return NO_MATCH
    found = EMAIL.findall(_normal_email(text))
    return ParseResult(found[-1].lower()) if found and len(found[-1]) <= EMAIL_LENGTH else NO_MATCH


def parse_email(text: str) -> ParseResult:
    """The e-mail that was asked for, or what is wrong with what came instead."""
    found = find_email(text)
    if found.value:
        return found
    return ParseResult(problem="email_shape" if "@" in text else "email_missing")
