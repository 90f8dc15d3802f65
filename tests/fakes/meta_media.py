"""Files of customers at the stand-in for Meta: where they are, what Meta says of them, and how a
download goes wrong.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from tests.fakes.http_loop import Answer, Request, as_json
from tests.fakes.meta_rules import Refusal


@dataclass
class KeptFile:
    """A file; what Meta claims of it is true unless told: `gone` is how many more times its address
    is not known.
    """

    content: bytes
    mime_type: str = "audio/ogg"
    url: str | None = None
    sha256: str | None = None
    size: int | None = None
    gone: int = 0
    status: int = 200
    location: str | None = None
    drip: bool = False
    cut: bool = False


class MediaStore:
    """`asked` holds the questions for an address, `fetched` the downloads."""

    def __init__(self) -> None:
        self.files: dict[str, KeptFile] = {}
        self.asked: list[dict[str, str]] = []
        self.fetched: list[str] = []

    def keep(self, content: bytes, mime_type: str = "audio/ogg", **more: Any) -> str:
        """Keep a file; the id by which it can be had."""
        media_id = str(10**14 + len(self.files))
        self.files[media_id] = KeptFile(content, mime_type, **more)
        return media_id

    def facts(self, media_id: str, request: Request) -> Answer:
        """Where a file is."""
        self.asked.append({"id": media_id, **request.query})
        kept = self._find(media_id)
        url = kept.url or f"http://{request.headers.get('host', '127.0.0.1')}/media-file/{media_id}"
        digest = hashlib.sha256(kept.content).hexdigest() if kept.sha256 is None else kept.sha256
        size = len(kept.content) if kept.size is None else kept.size
        facts = {
            "messaging_product": "whatsapp",
            "url": url,
            "mime_type": kept.mime_type,
            "sha256": digest,
            "file_size": size,
        }
        return as_json(200, facts | {"id": media_id})

    def fetch(self, media_id: str) -> Answer:
        """The bytes."""
        kept = self._find(media_id)
        self.fetched.append(media_id)
        if kept.gone:
            kept.gone -= 1
            return Answer(404, b"", {"Content-Type": "text/plain"})
        headers = {"Content-Type": kept.mime_type} | (
            {"Location": kept.location} if kept.location else {}
        )
        return Answer(kept.status, kept.content, headers, drip=kept.drip, cut=kept.cut)

    def drop(self, media_id: str) -> bool:
        """Delete a file; whether there was one."""
        return self.files.pop(media_id, None) is not None

    def _find(self, media_id: str) -> KeptFile:
        if media_id not in self.files:
            raise Refusal(100, f"Object with ID '{media_id}' does not exist", subcode=33)
        return self.files[media_id]


def in_base64(content: bytes) -> str:
    """The SHA-256 of a file as webhooks bring it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
