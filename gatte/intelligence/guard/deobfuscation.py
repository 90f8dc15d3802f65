"""Texts as they read once disguise is undone: look-alike letters, invisible marks, letters set
apart, digits for letters, base64, hexadecimal, escapes, and words written backwards.

`readings` gives the plain reading of every message, and others only where something was disguised:
an ordinary message costs a few microseconds.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from gatte.conversation.parsing.normalize import strip_accents

LONGEST = 2_000
"""Characters of a message that are screened: as many as ever leave for a model."""
MOST_DECODED = 6
"""Encoded pieces of a message that are decoded."""
NESTED = 2
"""How often what was decoded is decoded again."""

_LOOK_ALIKES = str.maketrans(
    "аАеЕоОрРсСхХуУкКмМнНтТвВіІјЈѕЅԁԛԝһɡɩɑοΟαΑεΕιΙκΚνΝρΡτΤυΥχΧµ¡ǃ|"
    "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢғǫøłđħŧıꭵոսզցƨɾɐǝɥʞɯɹʇʌʍʎ",
    "aAeEoOpPcCxXyYkKmMhHtTbBiIjJsSdqwhgiaoOaAeEiIkKvNpPtTuYxXuiii"
    "abcdefghijklmnopqrstuvwyzfqoldhtiinuzgsraehkmrtvwy",
)
_ENCLOSED = {  # letters in squares and circles that have no compatibility form, and flags
    first + place: chr(ord("a") + place)
    for first in (0x1F150, 0x1F170, 0x1F1E6)
    for place in range(26)
}
_TAGS = range(0xE0020, 0xE007F)
"""Invisible copies of ASCII (Unicode tags), each 0xE0000 above its letter."""
_LEET = str.maketrans("013457@$€!", "oieastasei")
_LEET_WORD = re.compile(r"(?<![\w.,/-])(?=[\w@$€!]*[a-z])(?=[\w@$€!]*[013457@$€!])[\w@$€!]{4,}")
_MARKED_A_OR_I = re.compile(r"^[a-z]?-?[a-z]{0,4}\d$|^\d+[a-z]{1,3}$")
_SPACED = re.compile(r"(?<![\w])(?:[^\W_](?P<gap>[ .\-_*·|/+~,]{1,2})){3,}[^\W_](?![\w])")
_BROKEN_WORD = re.compile(r"\b(?:[a-z]{1,4}[.\-_*·|/+~]{1,2}){2,}[a-z]{1,4}\b")
_BASE64 = re.compile(r"(?<![\w+/=-])(?=[A-Za-z0-9+/_-]*[A-Za-z])[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?:\b(?:0x)?[0-9a-fA-F]{2}[ :]?){8,}\b|\b[0-9a-fA-F]{16,}\b")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_BINARY = re.compile(r"\b(?:[01]{8}[ ,]?){4,}")
_BACKWARDS = re.compile(
    r"seocurtsni|arongi|arongi|arorgi|sarger|tpmorp|ametsis|metsys|snoitcurtsni|ahnes|"
    r"aleuqse|edargoder|sotnemadnam|snoitcurt"
)
_ROTATED = re.compile(r"vafgehp|vtaber|vtaben|ertenf|cebzcg|fvfgrzn|flfgrz|fraun\b|rfdhrpn")
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_LETTERS = re.compile(r"[a-z0-9 ]")


def readings(text: str) -> tuple[str, ...]:
    """The folded text, first as it stands without look-alikes and invisible marks, then as it reads
    once each disguise is undone; no reading stands twice.
    """
    visible = _visible(text[:LONGEST])
    plain = _fold(visible)
    found = [plain, *(_fold(piece) for piece in _decoded(visible, NESTED))]
    for reading in tuple(found):
        found += _undisguised(reading)
    return tuple(dict.fromkeys(one for one in found if one))


def is_encoded(text: str) -> bool:
    """Whether a text holds an encoded piece that reads as words, or marks that nobody sees."""
    visible = _visible(text)
    return len(visible) < len(text) or next(_decoded(visible, 1), None) is not None


def _visible(text: str) -> str:
    """The text in compatibility form, with invisible copies of ASCII as ASCII, and other invisible
    marks left out.
    """
    if text.isascii():
        return text
    normal = unicodedata.normalize("NFKC", text)
    return "".join(_shown(mark) for mark in normal)


def _shown(mark: str) -> str:
    if ord(mark) in _TAGS:
        return chr(ord(mark) - 0xE0000)
    return "" if unicodedata.category(mark) in {"Cf", "Cc", "Co"} and mark != "\n" else mark


def _fold(text: str) -> str:
    """Small letters without accents and look-alikes, with single spaces."""
    if not text.isascii():
        text = strip_accents(text).translate(_LOOK_ALIKES).translate(_ENCLOSED)
    return " ".join(text.lower().split())


def _undisguised(plain: str) -> Iterator[str]:
    """The other readings of a folded text, where it looks disguised."""
    if _SPACED.search(plain):
        yield _joined(plain)
    if _BROKEN_WORD.search(plain):
        yield _BROKEN_WORD.sub(_unbroken, plain)
    if _LEET_WORD.search(plain):
        unleet = _LEET_WORD.sub(_unleet, plain)
        if unleet != plain:
            yield unleet
    if _BACKWARDS.search(plain):
        yield plain[::-1]
    if _ROTATED.search(plain):
        yield plain.translate(_ROT13)


def _joined(plain: str) -> str:
    """The text with letters set apart put together; a wider gap stays one between words."""
    return _SPACED.sub(lambda found: re.sub(r"[ .\-_*·|/+~,]", "", found[0]), plain)


def _unbroken(word: re.Match[str]) -> str:
    """A word without the marks that break it."""
    return re.sub(r"[.\-_*·|/+~]", "", word[0])


def _unleet(word: re.Match[str]) -> str:
    """A word with its digits as letters; names such as A1 or e-CNPJ stay."""
    if _MARKED_A_OR_I.match(word[0]):
        return word[0]
    return word[0].translate(_LEET)


def _decoded(text: str, depth: int) -> Iterator[str]:
    """What stands encoded in a text, decoded, however often within `depth`."""
    if depth == 0:
        return
    for piece in _pieces(text):
        yield piece
        yield from _decoded(piece, depth - 1)


def _pieces(text: str) -> Iterator[str]:
    if "%" in text and (opened := unquote(text)) != text:
        yield opened
    if "&" in text and (opened := html.unescape(text)) != text:
        yield opened
    if "\\" in text and _ESCAPE.search(text):
        yield _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    for found in [*_BASE64.finditer(text)][:MOST_DECODED]:
        yield from _readable(_from_base64(found[0]))
    for found in [*_HEX.finditer(text)][:MOST_DECODED]:
        yield from _readable(_from_hex(found[0]))
    for found in [*_BINARY.finditer(text)][:MOST_DECODED]:
        yield from _readable(_from_binary(found[0]))


def _from_base64(piece: str) -> bytes:
    standard = piece.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4))
    except (binascii.Error, ValueError):
        return b""


def _from_hex(piece: str) -> bytes:
    digits = re.sub(r"0x|[ :]", "", piece)
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _from_binary(piece: str) -> bytes:
    return bytes(int(one, 2) for one in re.findall(r"[01]{8}", piece))


def _readable(decoded: bytes) -> Iterator[str]:
    """The decoded bytes where they are words: nearly all letters, digits and spaces."""
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        return
    letters = len(_LETTERS.findall(_fold(text)))
    if len(text) >= 6 and letters >= 0.8 * len(text):
        yield text
