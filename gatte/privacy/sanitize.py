"""What people write, made safe to process and to show: no hidden, reversed or broken characters, no
endless space, no endless text.

The original is kept sealed for the agents; this is what rules and models read. Hidden characters
can carry text that a person does not see and a model obeys (zero-width, tags, variation selectors),
and bidi marks can make a line read otherwise than it is.
"""

import re
import unicodedata

LIMIT = 4096
LONGEST_COMPOSITION = 4
"""No input needs to be longer than this many times the limit for its result to be full."""

# below it stand the letters of Portuguese: nothing that is printed there is hidden or is composed
FIRST_MARK = "\u0300"

LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
JOINER, EMOJI_STYLE = "\u200d", "\ufe0f"

INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls; tab and line feed stay
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f"  # zero width, bidi
    # filler, variation selectors, byte order mark, annotations
    "\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\ufffe\uffff"  # half pairs, noncharacters
    # shorthand and music controls, tags, more variation selectors
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]"
)
# a joiner belongs between two emojis, a style mark behind an emoji or a keycap; anywhere else both
# are only hidden
LOOSE_JOINER = re.compile(f"(?<![{EMOJI}{EMOJI_STYLE}]){JOINER}|{JOINER}(?![{EMOJI}])")
LOOSE_STYLE = re.compile(f"(?<![{EMOJI}0-9#*]){EMOJI_STYLE}")
MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
PILED_MARKS = re.compile(f"({MARK}{{3}}){MARK}+")
SPACES = re.compile(r"[^\S\n]+")
SPACES_AT_BREAK = re.compile(r" ?\n ?")
EMPTY_LINES = re.compile(r"\n{3,}")


def sanitize_text(text: str, limit: int = LIMIT) -> str:
    """The text in NFC with plain line breaks, of at most `limit` characters; cleaning twice changes
    nothing more.
    """
    if (
        len(text) <= limit
        and text.isprintable()
        and "  " not in text
        and max(text, default="") < FIRST_MARK
    ):
        return text.strip()
    kept = _visible(LINE_BREAK.sub("\n", text[: limit * LONGEST_COMPOSITION]))
    return _cut(_spaced(kept), limit)


def _visible(text: str) -> str:
    """Without hidden characters and in NFC; done again while it changes something, since what goes
    can make a neighbour loose.
    """
    text = INVISIBLE.sub("", text)
    before = ""
    while before != text:
        before = text
        text = LOOSE_JOINER.sub("", LOOSE_STYLE.sub("", text))
        text = PILED_MARKS.sub(r"\1", unicodedata.normalize("NFC", text))
    return text


def _spaced(text: str) -> str:
    text = SPACES_AT_BREAK.sub("\n", SPACES.sub(" ", text))
    return EMPTY_LINES.sub("\n\n", text).strip()


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit].rstrip(f" \n{JOINER}")
