"""Files as customers send them, and what became of them in the database and the storage."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image, PngImagePlugin
from sqlalchemy import func, select

from gatte.extensions import db
from gatte.jobs.definitions import fetch_media
from gatte.models import MediaFile
from gatte.store import media_files
from tests.fakes import payloads
from tests.fakes.meta import FakeMeta
from tests.fakes.meta_media import in_base64
from tests.integration.turns.simulated_customer import Customer

OGG = b"OggS\0\2" + b"\0" * 22 + b"\1\x13OpusHead\1\1" + b"\0" * 3000
PDF = b"%PDF-1.7\n" + b"boleto " * 500
PLACE = "Rua das Palmeiras 12"  # what a camera noted


def photo(width: int = 1200, height: int = 800) -> bytes:
    """A JPEG that a phone held sideways took, with a note of the place in its EXIF."""
    image = Image.effect_noise((width, height), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010E] = PLACE
    written = BytesIO()
    image.save(written, "JPEG", exif=exif)
    return written.getvalue()


def picture_bomb() -> bytes:
    """A PNG of 60,000 by 60,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 7501 * 500))
    return b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")


def talkative_png() -> bytes:
    """A PNG with a text hidden in it."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", PLACE)
    written = BytesIO()
    Image.new("RGBA", (20, 20), (200, 10, 10, 128)).save(written, "PNG", pnginfo=notes)
    return written.getvalue()


def part(
    meta: FakeMeta, kind: str, content: bytes, claimed: str = "application/pdf", **more: Any
) -> dict[str, Any]:
    """A message with a file that Meta has; more for the fake: gone, status, size…"""
    names = {"filename": more.pop("filename")} if "filename" in more else {}
    media_id = meta.graph.media.keep(content, claimed, **more)
    return payloads.media(kind, claimed, id=media_id, sha256=in_base64(content), **names)


def fetched(customer: Customer, wamid: str) -> MediaFile:
    """The row of a message's file once what is due was fetched; not bound to a session."""
    fetch_media()
    return row_of(customer, wamid)


def row_of(customer: Customer, wamid: str) -> MediaFile:
    with customer.app.app_context():
        row = media_files.find_of_message(customer.message(wamid).id)
        assert row is not None
        db.session.expunge(row)
        return row


def let_all_be_due(app: Flask) -> None:
    """Let the pause before the next attempt, or the claim of a dead process, be over."""
    with app.app_context():
        for row in db.session.scalars(select(MediaFile)):
            row.next_attempt_at = func.clock_timestamp()
        db.session.commit()


def stored_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
