"""The shapes of what a log line must not hold, and what stands there instead.

Each rule runs only on texts that hold one of its hints, since most lines hold none. Shapes that
ordinary numbers share (a bare CPF and an order number) are masked when their check digits or their
area code are right.
"""

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import unquote as percent_decode

from gatte.privacy import masking_digits as digits

SECRET = "[secret]"  # noqa: S105 - what stands for a secret
EMAIL = "[email]"
Match = re.Match[str]


@dataclass(frozen=True)
class MaskingRule:
    """`pattern` is looked for in texts that hold one of `hints` (lower case)."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str | Callable[[Match], str]


@dataclass
class HashKey:
    """The key of the short hashes that stand for WhatsApp ids."""

    key: bytes = b""

    def tag(self, prefix: str, value: str) -> str:
        """`prefix#` and 8 hex digits: equal ids have equal tags, and a tag does not tell its id."""
        plain = value.encode("utf-8", "replace")
        digest = blake2b(plain, key=self.key[:64], digest_size=4)
        return f"{prefix}#{digest.hexdigest()}"


HASH_KEY = HashKey()

_UNMASKED = r"(?!\[(?:secret|phone …[0-9]{2}|cpf|cnpj|email|hidden|base64)\])"
_VALUE = (
    _UNMASKED
    + r"""(?:"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?"""
    + r"""|\\["'][^"'\\]*+(?:\\["'])?|[^\s,;&"'<>)\]}\\]++)"""
)
_SETTING_NAME = (
    r"(?<!\[)(?:password|passwd|passphrase|pwd|senha|secret|token"
    r"|api[_ -]?key|access[_-]?key|private[_-]?key|encryption[_-]?keys?"
    r"|credentials?|(?<![A-Za-z_])key(?==))"
)
_TOKEN = re.compile(
    r"(?<![A-Za-z])(?:EAA[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{20,}|AQ\.[A-Za-z0-9_-]{20,}"
    r"|sk-[A-Za-z0-9_-]{12,}|gh[pousr]_[A-Za-z0-9]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}"
    r"|AKIA[A-Z0-9]{16}|ya29\.[A-Za-z0-9_-]{20,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?)"
)
_SPACED_ENDING = r"(?:com|net|org|gov|edu|adv|eng|ind|art|blog|info|app|dev|io|me|br|pt)\b"

_SHORTEST_TOKEN = 15

_ESCAPE = re.compile(r"%(?:20|28|29|2[BDEFbdef]|3[ADad]|40)")
# Four characters of base64 hold three digits; three such groups are nine digits, which no other
# text looks like.
_BASE64_DIGITS = re.compile(
    r"[MNO][DTjz][AEIMQUYcgk][wxyz0-5](?:[MNO][DTjz][AEIMQUYcgk][wxyz0-5]){2,}"
    r"[A-Za-z0-9+/_-]{0,3}={0,2}"
)
_BASE64_GROUP = re.compile(r"[A-Za-z0-9+/_-]{4}")


def find_emails(text: str) -> list[tuple[int, int]]:
    """Where e-mail addresses stand in a text: from, up to and without."""
    return [found.span() for found in _EMAIL.finditer(text)]


def find_keys(text: str) -> list[tuple[int, int]]:
    """Where private keys, access tokens and passwords of addresses stand in a text."""
    patterns = (_PRIVATE_KEY, _TOKEN, _URL_PASSWORD, _BEARER)
    return [found.span() for pattern in patterns for found in pattern.finditer(text)]


def unquote(text: str) -> str:
    """The text with %40, %2B and the like written out; other escapes stay."""
    return _ESCAPE.sub(lambda match: percent_decode(match[0]), text)


def apply(text: str) -> str:
    """The text with every rule applied."""
    lowered = text.lower()
    if " " in text:
        text = _apply(SPACED, text, lowered)
    if ":" in text or "=" in text or "," in text:
        text = _apply(NAMED, text, lowered)
    if "." in text:
        text = _apply(DOTTED, text, lowered)
    if len(text) >= _SHORTEST_TOKEN:
        text = _apply(TOKENS, text, lowered)
    if "@" in text or "at" in lowered:
        text = _apply(ADDRESSES, text, lowered)
    return digits.mask_numbers(_BASE64_DIGITS.sub(_base64, text))


def _apply(rules: tuple[MaskingRule, ...], text: str, lowered: str) -> str:
    for rule in rules:
        for hint in rule.hints:
            if hint in lowered:
                text = rule.pattern.sub(rule.replacement, text)
                break
    return text


def _base64(match: Match) -> str:
    """Masked when what it encodes would be; the group before it may hold the first digits, or have
    nothing to do with it.
    """
    before = match.string[max(0, match.start() - 4) : match.start()]
    starts = ("", before) if _BASE64_GROUP.fullmatch(before) else ("",)
    decoded = [_decoded(start + match[0].rstrip("=")) for start in starts]
    return "[base64]" if any(digits.mask_numbers(text) != text for text in decoded) else match[0]


def _decoded(encoded: str) -> str:
    encoded = encoded.replace("-", "+").replace("_", "/")
    whole = encoded[: len(encoded) - (len(encoded) % 4 == 1)]
    return b64decode(whole + "=" * (-len(whole) % 4)).decode("latin-1")


def _tag(prefix: str) -> Callable[[Match], str]:
    return lambda match: HASH_KEY.tag(prefix, match[0].rstrip("="))


_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END[A-Z ]*-----|\Z)")
_BEARER = re.compile(
    r"(?i)(?<![a-z])(bearer)\s++"
    r"(?!(?:tokens?|auth\w*|scheme|header|is|was|of|or|and|not|missing|required)\b)"
    rf"{_UNMASKED}[^\s\"',;)\]}}]+"
)
_BASIC = re.compile(r"(?<![A-Za-z])([Bb]asic|BASIC)\s+(?=[a-z]*[A-Z0-9+/=])[A-Za-z0-9+/_=-]{8,}")
_HEADER = re.compile(
    r"((?i:authorization|cookie)[\\\"']{0,2}+\s{0,2}+[:=,]\s{0,2}+"
    r"(?:b(?=[\\\"'])|(?!b[\\\"']))[\\\"']{0,2}+)(?!\[secret\])[^\"'\\\r\n]+"
)
_URL_PASSWORD = re.compile(rf"(://[^\s:/@\"'<>]*:)(?!\d+[/?#\s]){_UNMASKED}[^\s\"'<>]{{1,256}}@")
_SETTING = re.compile(
    rf"(?i)({_SETTING_NAME}(?:[\\\"'\]]{{0,3}}+\s{{0,2}}+[:=]|[\"'],)\s{{0,2}}+"
    r"(?:b(?=[\"'])|(?!b[\"'])))"
    rf"(?!(?:none|null|true|false|\d{{1,5}})\b){_VALUE}"
)
_BSUID = re.compile(
    r"[A-Z](?<![A-Za-z].)[A-Z]\.(?:ENT\.)?(?=[A-Za-z]{0,40}[0-9])[A-Za-z0-9]{6,128}(?![A-Za-z0-9])"
)
_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-][\w.+%'-]*+(?:(?:@|\(at\)|\[at\])(?:[\w-]++\.)+(?!\d)\w{2,}"
    rf"| ?@ ?[\w-]+(?: ?\. ?[\w-]+){{0,3}}? ?\. ?{_SPACED_ENDING}(?: ?\. ?br\b)?)"
)

# Grouped by a character that each needs, for most texts lack it.
SPACED = (
    MaskingRule(("private key-",), _PRIVATE_KEY, SECRET),
    MaskingRule(("bearer",), _BEARER, rf"\1 {SECRET}"),
    MaskingRule(("basic",), _BASIC, rf"\1 {SECRET}"),
    MaskingRule(("[parameters: ",), re.compile(r"\[parameters: [^\n]*"), "[parameters hidden]"),
    MaskingRule(
        ("failing row",), re.compile(r"Failing row contains \([^\n]*"), "Failing row hidden"
    ),
)
NAMED = (
    MaskingRule(
        (")=(",),
        re.compile(r"Key (\([^()\n]*\))=\([^\n]*?\)(?= |$)", re.MULTILINE),
        r"Key \1 hidden",
    ),
    MaskingRule(("authorization", "cookie"), _HEADER, rf"\1{SECRET}"),
    MaskingRule(("://",), _URL_PASSWORD, rf"\1{SECRET}@"),
    MaskingRule(
        ("passw", "pwd", "passphrase", "senha", "secret", "token", "key", "credential"),
        _SETTING,
        rf"\1{SECRET}",
    ),
)
DOTTED = (
    MaskingRule(("wamid",), re.compile(r"(?i)wamid\.[A-Za-z0-9+/=_-]+"), _tag("wamid")),
    MaskingRule((".",), _BSUID, _tag("bsuid")),
)
TOKENS = (
    MaskingRule(("eaa", "aiza", "aq.", "sk-", "gh", "xox", "akia", "ya29", "eyj"), _TOKEN, SECRET),
)
ADDRESSES = (MaskingRule(("@", "(at)", "[at]"), _EMAIL, EMAIL),)
