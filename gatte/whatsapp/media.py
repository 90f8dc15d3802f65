"""Files that customers sent: Meta is asked where a file is, then the file is fetched, within limits
of size and time.

The token goes to the host of the Graph API and to Meta's own host for media, whatever address an
answer names. A failure is not tried again but for an address that ran out: Meta blocks who asks for
many files that it does not give.
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
from urllib.parse import SplitResult, quote, urlsplit

from gatte.conversation.nlu import MessageKind
from gatte.infra.http import (
    ConnectFailed,
    HttpClient,
    HttpTimeouts,
    ResponseLost,
    ResponseTooLarge,
)
from gatte.observability import metrics, spans
from gatte.observability.metric_labels import WhatsAppCall
from gatte.whatsapp.client import MAX_RESPONSE_BYTES, TOKEN, CloudTimeouts
from gatte.whatsapp.lenient_json import as_dict, integer, text

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
URL_EXPIRED = 404
CONNECTIONS = 32
DEFAULT_PORTS = {"http": 80, "https": 443}


class DownloadFailureReason(StrEnum):
    """Why a file is not there."""

    GONE = "gone"
    REFUSED = "refused"
    AWAY = "away"
    TOO_LARGE = "too_large"
    FOREIGN_HOST = "foreign_host"
    UNREADABLE = "unreadable"
    ALTERED = "altered"


class DownloadFailed(Exception):
    """A file could not be had; `why` says it in a word."""

    def __init__(self, why: DownloadFailureReason) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class MediaFile:
    """The bytes of a file and its type as Meta names it."""

    content: bytes = field(repr=False)
    mime_type: str | None = None


@dataclass(frozen=True)
class _MediaLocation:
    """Where a file is, for five minutes, and what Meta says of it."""

    url: SplitResult
    mime_type: str | None
    sha256: str | None
    size: int | None


@dataclass
class MediaClient:
    """Fetches files for the company's numbers; safe to use from many threads."""

    base_url: str
    version: str
    token: str = field(repr=False)
    timeouts: CloudTimeouts = field(
        default_factory=lambda: CloudTimeouts(connect=3.0, read=5.0, pool=3.0, total=10.0)
    )

    def __post_init__(self) -> None:
        if not TOKEN.fullmatch(self.token):
            raise ValueError("the access token must be printable ASCII without spaces")
        bases = [self.base_url, *(f"https://{host}" for host in sorted(MEDIA_HOSTS))]
        self._clients = {_origin(urlsplit(base)): self._client_for(base) for base in bases}
        self._headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept-Encoding": "identity",
            "User-Agent": "GATTE",
        }

    def download(
        self, phone_number_id: str, media_id: str, most_bytes: int, sha256: str | None = None
    ) -> MediaFile:
        """The file that a number received; NotDownloaded when it is gone, too large, or not the one
        that `sha256` belongs to.
        """
        deadline = time.monotonic() + self.timeouts.total
        try:
            place = self._find(phone_number_id, media_id, deadline)
            content = self._fetch(place, most_bytes, deadline)
            if content is None:  # the address had run out: a fresh one, once
                place = self._find(phone_number_id, media_id, deadline)
                content = self._fetch(place, most_bytes, deadline)
        except (ConnectFailed, ResponseLost):
            raise DownloadFailed(DownloadFailureReason.AWAY) from None
        if content is None:
            raise DownloadFailed(DownloadFailureReason.GONE)
        if not all(
            matches_sha256(content, claimed) for claimed in (sha256, place.sha256) if claimed
        ):
            raise DownloadFailed(DownloadFailureReason.ALTERED)
        return MediaFile(content, place.mime_type)

    def close(self) -> None:
        """Close the kept connections."""
        for client in self._clients.values():
            client.close()

    def _client_for(self, base_url: str) -> HttpClient:
        limits = self.timeouts
        return HttpClient(
            base_url,
            HttpTimeouts(
                limits.connect,
                limits.read,
                limits.pool,
                limits.total,
                max(LARGEST.values()),
                CONNECTIONS,
            ),
        )

    def _find(self, phone_number_id: str, media_id: str, deadline: float) -> _MediaLocation:
        if not MEDIA_ID.fullmatch(media_id):
            raise DownloadFailed(DownloadFailureReason.UNREADABLE)
        number = quote(phone_number_id, safe="")
        url = urlsplit(
            f"{self.base_url.rstrip('/')}/{self.version}/{media_id}?phone_number_id={number}"
        )
        status, body = self._get(url, MAX_RESPONSE_BYTES, deadline)
        if status != 200:
            raise DownloadFailed(_refusal(status))
        return _place(body)

    def _fetch(self, place: _MediaLocation, most_bytes: int, deadline: float) -> bytes | None:
        """The bytes; None when the address is not known any more."""
        if not self._may_have_token(place.url):
            raise DownloadFailed(DownloadFailureReason.FOREIGN_HOST)
        if (place.size or 0) > most_bytes:
            raise DownloadFailed(DownloadFailureReason.TOO_LARGE)
        status, body = self._get(place.url, most_bytes, deadline)
        if status not in {200, URL_EXPIRED}:
            raise DownloadFailed(_refusal(status))
        return body if status == 200 else None

    def _may_have_token(self, url: SplitResult) -> bool:
        """Whether an address is on the Graph API's own host, or on Meta's for media over TLS."""
        return "@" not in url.netloc and _origin(url) in self._clients

    def _get(self, url: SplitResult, most_bytes: int, deadline: float) -> tuple[int, bytes]:
        """Status and body. The request goes to a host of ours to choose from, never to another."""
        if time.monotonic() > deadline:
            raise DownloadFailed(DownloadFailureReason.AWAY)
        path = f"{url.path}?{url.query}" if url.query else url.path
        client = self._clients[_origin(url)]
        try:
            measured = metrics.WHATSAPP_SECONDS.labels(call=WhatsAppCall.MEDIA).time()
            with measured, spans.span("meta media"):
                response = client.get(path or "/", self._headers, most_bytes, deadline)
        except ResponseTooLarge:
            raise DownloadFailed(DownloadFailureReason.TOO_LARGE) from None
        return response.status, response.body


def _origin(url: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port of an address; ValueError when its port is none."""
    return url.scheme, url.hostname or "", url.port or DEFAULT_PORTS.get(url.scheme, 0)


def matches_sha256(content: bytes, sha256: str) -> bool:
    """Whether a SHA-256, which Meta writes in hexadecimal or in base64, is that of these bytes."""
    digest = hashlib.sha256(content)
    return sha256.lower() == digest.hexdigest() or sha256.rstrip("=") == base64.b64encode(
        digest.digest()
    ).decode().rstrip("=")


def _refusal(status: int) -> DownloadFailureReason:
    """What a status other than 200 means: Meta answers 400 for a file that it does not keep any
    more.
    """
    if status in {400, 404, 410}:
        return DownloadFailureReason.GONE
    return (
        DownloadFailureReason.AWAY
        if status >= 500 or status == 429
        else DownloadFailureReason.REFUSED
    )


def _place(body: bytes) -> _MediaLocation:
    try:
        facts: dict[str, Any] = as_dict(json.loads(body))
        url = urlsplit(text(facts.get("url")) or "")
        _origin(url)
    except (ValueError, RecursionError):
        raise DownloadFailed(DownloadFailureReason.UNREADABLE) from None
    if not url.hostname:
        raise DownloadFailed(DownloadFailureReason.UNREADABLE)
    return _MediaLocation(
        url,
        text(facts.get("mime_type")),
        text(facts.get("sha256")),
        integer(facts.get("file_size")),
    )
