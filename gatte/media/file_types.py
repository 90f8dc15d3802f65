"""What a file is by its content, whatever its sender claims: the few types that customers send and
people of the desk open.

The signatures are those of the WHATWG standard on MIME sniffing (mimesniff.spec.whatwg.org, 6 and
7), and of RFC 4867 (AMR), ISO 14496-12 (MP4) and ISO 14496-3 (AAC).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gatte.conversation.nlu import MessageKind

HEAD_BYTES = 4096
UNKNOWN_MIME_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class FileType:
    """A type of files; `extensions` are those of names that fit it, the usual one first."""

    mime_type: str
    signature: re.Pattern[bytes]
    extensions: tuple[str, ...]


def _type(mime_type: str, signature: bytes, *extensions: str) -> FileType:
    return FileType(mime_type, re.compile(signature, re.DOTALL), extensions)


JPEG = _type("image/jpeg", rb"\xff\xd8\xff", "jpg", "jpeg")
PNG = _type("image/png", rb"\x89PNG\r\n\x1a\n", "png")
WEBP = _type("image/webp", rb"RIFF....WEBPVP", "webp")
OGG = _type("audio/ogg", rb"OggS\0", "ogg", "oga", "opus")
AMR = _type("audio/amr", rb"#!AMR", "amr")
AAC = _type("audio/aac", rb"\xff[\xf0\xf1\xf8\xf9]", "aac")
MP3 = _type("audio/mpeg", rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", "mp3")
M4A = _type("audio/mp4", rb"....ftypM4A", "m4a", "mp4")
GP3 = _type("video/3gpp", rb"....ftyp3g", "3gp", "3gpp")
MP4 = _type("video/mp4", rb"....ftyp", "mp4", "m4a", "m4v", "mov")
PDF = _type("application/pdf", rb"%PDF-", "pdf")
ZIP = _type(
    "application/zip", rb"PK\x03\x04|PK\x05\x06", "zip", "docx", "xlsx", "pptx", "odt", "ods"
)
OLE = _type("application/x-ole-storage", rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc", "xls", "ppt")
PLAIN = _type("text/plain", rb"(?!)", "txt", "csv", "xml", "json", "ofx")
SIGNED_TYPES = (JPEG, PNG, WEBP, OGG, AMR, AAC, MP3, M4A, GP3, MP4, PDF, ZIP, OLE)
BY_MIME_TYPE = {one.mime_type: one for one in (*SIGNED_TYPES, PLAIN)}
IMAGES = frozenset({JPEG, PNG, WEBP})
SOUNDS = frozenset({OGG, AMR, AAC, MP3, M4A, MP4, GP3})
PLAYABLE_MIME_TYPES = frozenset({OGG.mime_type, AAC.mime_type, MP3.mime_type, M4A.mime_type})
"""What browsers play by themselves, and may be sent to them as it is."""
TYPES_OF_KIND: Mapping[MessageKind, frozenset[FileType]] = {
    MessageKind.IMAGE: IMAGES,
    MessageKind.STICKER: frozenset({WEBP}),
    MessageKind.AUDIO: SOUNDS,
    MessageKind.VIDEO: frozenset({MP4, GP3}),
}
"""What a kind of message may bring; a document may be anything but a program."""
PROGRAM = re.compile(
    rb"MZ.{0,62}\0|\x7fELF|#!|\xca\xfe\xba\xbe|[\xcf\xce]\xfa\xed\xfe|L\0\0\0\x01\x14\x02\0",
    re.DOTALL,
)
"""How files begin that a computer would run: Windows, Linux, scripts, Java, macOS, shortcuts."""


def type_of(content: bytes) -> FileType | None:
    """The type of a content; None when it is none that we know."""
    for one in SIGNED_TYPES:
        if one.signature.match(content):
            return one
    return PLAIN if _is_text(content[:HEAD_BYTES]) else None


def is_program(content: bytes) -> bool:
    """Whether a content begins as programs do."""
    return bool(PROGRAM.match(content)) and not AMR.signature.match(content)


def _is_text(head: bytes) -> bool:
    """Whether the beginning of a file is text as people write it, in UTF-8 or Latin-1."""
    is_printable = not any(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    return bool(head) and is_printable


def download_name(filename: str | None, mime_type: str | None, fallback: str) -> str:
    """The name under which a file is saved: the sender's as far as its characters are harmless,
    with an extension that fits the content.
    """
    known = BY_MIME_TYPE.get(mime_type or "")
    allowed = known.extensions if known else ("bin",)
    clean = re.sub(r"[^\w .()+-]", "_", filename or "", flags=re.UNICODE).strip(" .")[-120:]
    stem, _, extension = clean.rpartition(".")
    if stem and extension.lower() in allowed:
        return clean
    return f"{clean or fallback}.{allowed[0]}"
