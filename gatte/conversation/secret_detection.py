"""Key files and passwords that customers send: recognised, so that they are refused and erased."""

import re

from gatte.conversation.commands import SecretKind
from gatte.conversation.nlu import Utterance

KEY_FILE = re.compile(r"\.(?:pfx|p12|pem|key|jks)$", re.IGNORECASE)
KEY_TYPES = frozenset(
    {"application/x-pkcs12", "application/pkcs12", "application/x-pem-file", "application/pkcs8"}
)
BETWEEN = (
    r"\s+(?:do|da|de|meu|minha|certificado|arquivo|token|cart[aã]o"
    r"|pfx|a1|a3|dele|dela|nova|atual)\b"
)
SECRET = re.compile(  # no possessive group: Python before 3.11.5 loses matches in those (gh-106052)
    rf"\b(?:senha|password|pin|puk)\b(?:{BETWEEN})*(?!{BETWEEN})"
    r"\s*(?:(?P<sign>[:=])|\b(?:[eé]|eh)\b|(?=\s\S*\d))\s*(?P<value>\S{3,64})",
    re.IGNORECASE,
)
NUMBER_OR_SIGN = re.compile(r"[\d@#$%&*!_]")


def secret_in(heard: Utterance) -> SecretKind | None:
    """What a message holds that nobody may keep; None for most."""
    if names_key_file(heard.filename, heard.mime_type):
        return "key_file"
    return "password" if holds_password(heard.text) else None


def names_key_file(filename: str | None, mime_type: str | None) -> bool:
    """Whether a file name or a MIME type is that of a certificate with its private key."""
    return (
        bool(KEY_FILE.search(filename or ""))
        or (mime_type or "").split(";")[0].strip().lower() in KEY_TYPES
    )


def holds_password(text: str) -> bool:
    """Whether the text tells a password, PIN or PUK ("a senha é 1234"), not only speaks of one
    ("esqueci a senha").
    """
    said = SECRET.search(text)
    if not said:
        return False
    return bool(said["sign"] or NUMBER_OR_SIGN.search(said["value"].rstrip("?.!,")))
