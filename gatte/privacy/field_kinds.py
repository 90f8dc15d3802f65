"""What the name of a field tells of its value: a secret, a personal text, a phone, a measure."""

import re
from enum import StrEnum
from functools import lru_cache

from gatte.privacy.masking_digits import phone_tag
from gatte.privacy.masking_rules import SECRET

HIDDEN = "[hidden]"
_SECRET = re.compile(
    r"(?:^|[_.-])(?:password|passwd|passphrase|pwd|senha|secret|token"
    r"|api_?key|access_?key|private_?key|encryption_?keys?|credentials?"
    r"|authorization|cookie|set-cookie|x-goog-api-key)$"
)
_PERSONAL = frozenset(
    [
        "text",
        "body",
        "caption",
        "transcript",
        "nome",
        "address",
        "birthday",
        "profile_name",
        "contact_name",
        "customer_name",
        "full_name",
        "first_name",
        "last_name",
        "person_name",
        "lead_name",
        "company_name",
        "message_text",
        "slots",
        "memory",
    ]
)
_PHONE = re.compile(
    r"(?:^|_)(?:phone|phone_number|telefone|celular|fone|tel|mobile|msisdn|wa_id|phones"
    r"|from|to|recipient|recipient_id|input)$"
)
_MEASURE = re.compile(
    r"(?:^|_)(?:ns|us|ms|s|seconds|bytes|size|count"
    r"|timestamp|ts|time|at|exp|iat|expires|lineno|port|pid)$"
)
_PHONE_LIKE = re.compile(r"\+?[0-9][0-9 ().\-]{6,20}[0-9]")


class FieldKind(StrEnum):
    """What a value is by the name of its field."""

    SECRET = "secret"  # noqa: S105 - a name, not a secret
    PERSONAL = "personal"
    PHONE = "phone"
    MEASURE = "measure"


@lru_cache(maxsize=1024)
def kind_of_field(key: str) -> FieldKind | None:
    """None when the name tells nothing."""
    name = key.lower()
    if _SECRET.search(name):
        return FieldKind.SECRET
    if name in _PERSONAL:
        return FieldKind.PERSONAL
    if _PHONE.search(name):
        return FieldKind.PHONE
    return FieldKind.MEASURE if _MEASURE.search(name) else None


def placeholder(kind: FieldKind | None) -> str | None:
    """What stands for any value of this kind; None when the value itself decides."""
    if kind is FieldKind.SECRET:
        return SECRET
    return HIDDEN if kind is FieldKind.PERSONAL else None


def mask_phone(text: str) -> str | None:
    """The stand-in of a whole value that is a phone in a field of phones, also a foreign or
    incomplete one; None when it is not.
    """
    return phone_tag(text) if _PHONE_LIKE.fullmatch(text) else None
