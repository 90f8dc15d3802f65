"""Files that customers sent: Meta is asked where a file is, then the file is fetched, within limits of size and time.

The token goes to the host of the Graph API and to Meta's own host for media, whatever address an answer names. A failure is not
tried again but for an address that ran out: Meta blocks who asks for many files that it does not give.
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx

from gatte.conversation.understanding import MessageKind
from gatte.observability import metrics
from gatte.whatsapp.client import LONGEST_ANSWER, TOKEN, Timeouts
from gatte.whatsapp.tolerant import integer, mapping, text

MEDIA_HOSTS = frozenset({"lookaside.fbsbx.com"})
MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
MEBIBYTE = 1024 * 1024
LARGEST: Mapping[MessageKind, int] = {
    MessageKind.AUDIO: 16 * MEBIBYTE,
    MessageKind.DOCUMENT: 100 * MEBIBYTE,
    MessageKind.IMAGE: 5 * MEBIBYTE,
    MessageKind.STICKER: 500 * 1024,
    MessageKind.VIDEO: 16 * MEBIBYTE,
}
"""The most bytes that WhatsApp allows for a kind."""
ADDRESS_GONE = 404
CONNECTIONS = 32


class Failure(StrEnum):
    """Why a file is not there."""

    GONE = "gone"
    REFUSED = "refused"
    AWAY = "away"
    TOO_LARGE = "too_large"
    FOREIGN_HOST = "foreign_host"
    UNREADABLE = "unreadable"
    ALTERED = "altered"


class NotDownloaded(Exception):
    """A file could not be had; `why` says it in a word."""

    def __init__(self, why: Failure) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class MediaFile:
    """The bytes of a file and its type as Meta names it."""

    content: bytes = field(repr=False)
    mime_type: str | None = None


@dataclass(frozen=True)
class _Place:
    """Where a file is, for five minutes, and what Meta says of it."""

    url: httpx.URL
    mime_type: str | None
    sha256: str | None
    size: int | None


@dataclass
class MediaClient:
    """Fetches files for the company's numbers; safe to use from many threads."""

    base_url: str
    version: str
    token: str = field(repr=False)
    timeouts: Timeouts = field(default_factory=lambda: Timeouts(connect=3.0, read=5.0, write=3.0, pool=3.0, whole=10.0))

    def __post_init__(self) -> None:
        if not TOKEN.fullmatch(self.token):
            raise ValueError("the access token must be printable ASCII without spaces")
        limits = self.timeouts
        self._home = httpx.URL(self.base_url)
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {self.token}", "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(connect=limits.connect, read=limits.read, write=limits.write, pool=limits.pool),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=30),
            follow_redirects=False,  # a redirect could carry the token to another host
            trust_env=False,
        )

    def download(self, phone_number_id: str, media_id: str, most_bytes: int, sha256: str | None = None) -> MediaFile:
        """The file that a number received; NotDownloaded when it is gone, too large, or not the one that `sha256` belongs to."""
        deadline = time.monotonic() + self.timeouts.whole
        try:
            place = self._find(phone_number_id, media_id, deadline)
            content = self._fetch(place, most_bytes, deadline)
            if content is None:  # the address had run out: a fresh one, once
                place = self._find(phone_number_id, media_id, deadline)
                content = self._fetch(place, most_bytes, deadline)
        except httpx.HTTPError:
            raise NotDownloaded(Failure.AWAY) from None
        if content is None:
            raise NotDownloaded(Failure.GONE)
        if not all(belongs(content, claimed) for claimed in (sha256, place.sha256) if claimed):
            raise NotDownloaded(Failure.ALTERED)
        return MediaFile(content, place.mime_type)

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()

    def _find(self, phone_number_id: str, media_id: str, deadline: float) -> _Place:
        if not MEDIA_ID.fullmatch(media_id):
            raise NotDownloaded(Failure.UNREADABLE)
        url = httpx.URL(f"{self.base_url.rstrip('/')}/{self.version}/{media_id}", params={"phone_number_id": phone_number_id})
        status, body = self._get(url, LONGEST_ANSWER, deadline)
        if status != 200:
            raise NotDownloaded(_refusal(status))
        return _place(body)

    def _fetch(self, place: _Place, most_bytes: int, deadline: float) -> bytes | None:
        """The bytes; None when the address is not known any more."""
        if not self._may_have_token(place.url):
            raise NotDownloaded(Failure.FOREIGN_HOST)
        if (place.size or 0) > most_bytes:
            raise NotDownloaded(Failure.TOO_LARGE)
        status, body = self._get(place.url, most_bytes, deadline)
        if status not in {200, ADDRESS_GONE}:
            raise NotDownloaded(_refusal(status))
        return body if status == 200 else None

    def _may_have_token(self, url: httpx.URL) -> bool:
        """Whether an address is on the Graph API's own host, or on Meta's for media over TLS."""
        if url.userinfo:
            return False
        if (url.scheme, url.host, url.port) == (self._home.scheme, self._home.host, self._home.port):
            return True
        return url.scheme == "https" and url.port is None and url.host in MEDIA_HOSTS

    def _get(self, url: httpx.URL, most_bytes: int, deadline: float) -> tuple[int, bytes]:
        if time.monotonic() > deadline:
            raise NotDownloaded(Failure.AWAY)
        body = bytearray()
        timing = metrics.WHATSAPP_SECONDS.labels(call="media").time()
        with timing, self._http.stream("GET", url) as response:
            if (integer(response.headers.get("content-length")) or 0) > most_bytes:
                raise NotDownloaded(Failure.TOO_LARGE)
            for part in response.iter_bytes():
                body += part
                if len(body) > most_bytes:
                    raise NotDownloaded(Failure.TOO_LARGE)
                if time.monotonic() > deadline:
                    raise NotDownloaded(Failure.AWAY)
        return response.status_code, bytes(body)


def belongs(content: bytes, sha256: str) -> bool:
    """Whether a SHA-256, which Meta writes in hexadecimal or in base64, is that of these bytes."""
    digest = hashlib.sha256(content)
    return sha256.lower() == digest.hexdigest() or sha256.rstrip("=") == base64.b64encode(digest.digest()).decode().rstrip("=")


def _refusal(status: int) -> Failure:
    """What a status other than 200 means: Meta answers 400 for a file that it does not keep any more."""
    if status in {400, 404, 410}:
        return Failure.GONE
    return Failure.AWAY if status >= 500 or status == 429 else Failure.REFUSED


def _place(body: bytes) -> _Place:
    try:
        facts: dict[str, Any] = mapping(json.loads(body))
        url = httpx.URL(text(facts.get("url")) or "")
    except (ValueError, RecursionError, httpx.InvalidURL):
        raise NotDownloaded(Failure.UNREADABLE) from None
    if not url.host:
        raise NotDownloaded(Failure.UNREADABLE)
    return _Place(url, text(facts.get("mime_type")), text(facts.get("sha256")), integer(facts.get("file_size")))
