"""The one table of what people shorten on a phone: for the classifier, the search and the slots."""

import re
from collections.abc import Callable

MEANINGS = {
    "você": "vc ce",
    "vocês": "vcs ces",
    "com": "c cm",
    "que": "q",
    "o que": "oq oque",
    "por que": "pq",
    "quando": "qdo qnd qd",
    "quanto": "qto qnto qnt qt",
    "onde está": "cade cadê",
    "aqui": "aki",
    "agora": "agr",
    "hoje": "hj",
    "depois": "dps",
    "também": "tb tbm",
    "muito": "mto mt",
    "tudo": "td",
    "mesmo": "msm",
    "alguém": "alg",
    "não": "n nn nao ñ",
    "é": "eh",
    "está": "ta tá",
    "estou": "to tô",
    "estava": "tava",
    "quero": "qro kero",
    "de": "d",
    "para": "p pra",
    "para as": "pras",
    "por favor": "pfv pfvr",
    "obrigado": "obg obgd",
    "beleza": "blz",
    "valeu": "vlw",
    "falou": "flw",
    "verdade": "vdd",
    "mensagem": "msg",
    "whatsapp": "zap whats wpp",
    "computador": "pc",
    "documento": "doc",
    "documentos": "docs",
    "certificado": "cert",
    "e-cpf": "ecpf",
    "e-cnpj": "ecnpj",
    "pessoa jurídica": "pj",
    "nota fiscal": "nf",
    "nota fiscal eletrônica": "nfe nf-e",
    "nota fiscal eletrônica do consumidor": "nfce nfc-e",
    "nota fiscal de serviço": "nfse nfs-e",
    "valor": "vlr",
    "preço": "prç",
}
BY_NAME = {short: meaning for meaning, names in MEANINGS.items() for short in names.split()}

WORD = re.compile(r"\w+(?:-\w+)*")
LAST_AGAIN = re.compile(r"(?<=\w)(\w)\1+$")
BEFORE_A_PERSON = (
    "certificado certificados cert digital cpf e-cpf ecpf a1 a3 pj ou tipo modelo o um do no "
    "de da para pra p pro como sou somos é eh seria"
)
AFTER_A_PERSON = "ou pj a1 a3"


def expand_abbreviations(text: str) -> str:
    """A text in lower case, with its abbreviations written out; everything else stays as it is."""
    return WORD.sub(_meaning, text)


def _meaning(match: re.Match[str]) -> str:
    word = match[0]
    known = _without_drawl(word)
    if known in BY_CONTEXT:
        return BY_CONTEXT[known](_word_before(match), _word_after(match))
    return BY_NAME.get(known, word)


def _without_drawl(word: str) -> str:
    """The word as the tables have it: "vcccc" is "vc"."""
    ends_twice = word[-1:] == word[-2:-1]
    if not ends_twice or word in BY_NAME or word in BY_CONTEXT:
        return word
    return LAST_AGAIN.sub(r"\1", word)


def _word_before(match: re.Match[str]) -> str:
    return next(iter(WORD.findall(match.string[: match.start()])[-1:]), "")


def _word_after(match: re.Match[str]) -> str:
    found = WORD.search(match.string, match.end())
    return found[0] if found else ""


def _pf(before: str, after: str) -> str:
    """A kind of person beside a product or another kind, and by itself; else courtesy: "me ajuda
    pf".
    """
    alone = not before and not after
    person = alone or before in BEFORE_A_PERSON.split() or after in AFTER_A_PERSON.split()
    return "pessoa física" if person else "por favor"


def _pro(_: str, after: str) -> str:
    """Leads on to a word: "pro celular"; at the end it is a name, as in "windows 10 pro"."""
    return "para o" if after else "pro"


BY_CONTEXT: dict[str, Callable[[str, str], str]] = {"pf": _pf, "pro": _pro}
