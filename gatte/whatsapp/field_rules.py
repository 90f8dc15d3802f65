"""The rules for every text of Meta's that goes into a column or a sealed value of its own: cleaned,
on one line, and cut.
"""

from gatte.privacy.sanitize import sanitize_text
from gatte.whatsapp.lenient_json import identifier, text

NUMBER = "phone_number_id"
LENGTHS = {
    NUMBER: 64,
    "event": 64,
    "profile_name": 100,
    "username": 64,
    "choice": 256,
    "title": 256,
    "filename": 255,
    "mime_type": 128,
    "sha256": 128,
    "error_title": 256,
    "error_details": 500,
    "error_href": 256,
    "category": 64,
}
"""Characters by field. What is not here (a message as it came) is kept whole and sealed; its words
are cleaned when it is processed.
"""

ENDING = 16
"""Characters of a file's name that are kept from its end: by those a key file is known."""


def clean_line(field: str, value: object) -> str | None:
    """A text as its field takes it, without hidden, reversing or broken characters; None when it is
    no text.
    """
    given = text(value)
    return None if given is None else sanitize_text(given, LENGTHS[field]).replace("\n", " ")


def number_id(value: object) -> str | None:
    """The id of a number of the company; None when it is no id, or too long for one."""
    known = identifier(value)
    return known if known is not None and len(known) <= LENGTHS[NUMBER] else None


def filename(value: object) -> str | None:
    """The name of a file: of a long one the beginning and the end."""
    given, longest = text(value), LENGTHS["filename"]
    if given is None or len(given) <= longest:
        return clean_line("filename", value)
    whole = sanitize_text(given[: longest * 4] + given[-longest:], longest * 5)
    return f"{whole[: longest - ENDING]}{whole[-ENDING:]}".replace("\n", " ")
