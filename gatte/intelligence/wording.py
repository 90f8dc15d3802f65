"""Spelling out what people type on a phone, so that texts meet by meaning and by words."""

import re
import unicodedata

_WORD = re.compile(r"[\w-]+")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_COMMON_ACCENTS = re.compile(r"[\u0300-\u034e\u0350-\u036f]+")  # the combining marks of Latin letters

SHORT_FORMS = {
    "vc": "você",
    "vcs": "vocês",
    "ce": "você",
    "q": "que",
    "oq": "o que",
    "oque": "o que",
    "pq": "por que",
    "qdo": "quando",
    "qto": "quanto",
    "qnto": "quanto",
    "qnt": "quanto",
    "pfv": "por favor",
    "pf": "pessoa física",
    "pj": "pessoa jurídica",
    "pra": "para",
    "pro": "para o",
    "pras": "para as",
    "ta": "está",
    "tá": "está",
    "to": "estou",
    "tô": "estou",
    "tava": "estava",
    "eh": "é",
    "mto": "muito",
    "mt": "muito",
    "hj": "hoje",
    "tb": "também",
    "tbm": "também",
    "blz": "beleza",
    "msg": "mensagem",
    "cade": "onde está",
    "cadê": "onde está",
    "aki": "aqui",
    "nf": "nota fiscal",
    "nfe": "nota fiscal eletrônica",
    "nf-e": "nota fiscal eletrônica",
    "nfce": "nota fiscal eletrônica do consumidor",
    "nfc-e": "nota fiscal eletrônica do consumidor",
    "nfse": "nota fiscal de serviço",
    "nfs-e": "nota fiscal de serviço",
    "cnh": "carteira de motorista cnh",
    "zap": "whatsapp",
    "whats": "whatsapp",
    "wpp": "whatsapp",
    "pc": "computador",
    "doc": "documento",
    "docs": "documentos",
    "nao": "não",
    "ñ": "não",
}


def spelled_out(text: str) -> str:
    """The text in small letters with the short forms of chats written out; accents and marks stay as they are."""
    return _WORD.sub(_written_out, text.lower())


def _written_out(word: re.Match[str]) -> str:
    return SHORT_FORMS.get(word[0], word[0])


def normalised(text: str) -> str:
    """The words of a text without accents, marks or short forms: what word search compares."""
    plain = _COMMON_ACCENTS.sub("", unicodedata.normalize("NFKD", spelled_out(text)))
    if not plain.isascii():
        plain = "".join(character for character in plain if not unicodedata.combining(character))
    return _NOT_A_WORD.sub(" ", plain).strip()
