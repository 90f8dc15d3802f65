"""The Cloud API over HTTP: one pool of kept connections, strict time limits, and an honest word on
how each send ended.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from gatte.infra.http import (
    ConnectFailed,
    HttpClient,
    HttpResponse,
    HttpTimeouts,
    ResponseLost,
)
from gatte.observability import metrics, spans
from gatte.observability.metric_labels import WhatsAppCall
from gatte.whatsapp import errors
from gatte.whatsapp.channel import Channel, NotSent, OutcomeUncertain, Rejected, SendFailed, Sent
from gatte.whatsapp.errors import ErrorCategory, GraphError
from gatte.whatsapp.lenient_json import as_dict, as_float, as_list, identifier
from gatte.whatsapp.outbound import read_receipt
from gatte.whatsapp.template_list import ListedTemplate, next_cursor, parse_templates

__all__ = [
    "Channel",
    "CloudClient",
    "CloudTimeouts",
    "NotSent",
    "OutcomeUncertain",
    "Rejected",
    "SendFailed",
    "Sent",
]

MAX_RESPONSE_BYTES = 256 * 1024
CONNECTIONS = 256
TEMPLATES_A_PAGE, MOST_TEMPLATE_PAGES = 50, 200
MAX_TEMPLATE_PAGE_BYTES = 4 * 1024 * 1024
TEMPLATE_FIELDS = "name,language,category,status,components"
USAGE_HEADER = "x-business-use-case-usage"
UNCERTAIN_CATEGORIES = {ErrorCategory.TRANSIENT, ErrorCategory.UNKNOWN}
INVALID_PARAMETER, OVERLOADED = 100, 131016
NUMBER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class CloudTimeouts:
    """Limits in seconds; `total` bounds a call from its first byte to its last, however slowly the
    answer drips.
    """

    connect: float = 5.0
    read: float = 15.0
    pool: float = 5.0
    total: float = 25.0


@dataclass
class CloudClient:
    """Sends for the company's numbers; safe to use from many threads. The token goes to the host of
    `base_url` and nowhere else.
    """

    base_url: str
    version: str
    token: str = field(repr=False)
    timeouts: CloudTimeouts = field(default_factory=CloudTimeouts)

    def __post_init__(self) -> None:
        if not TOKEN.fullmatch(self.token):
            raise ValueError("the access token must be printable ASCII without spaces")
        limits = self.timeouts
        self._connections = HttpClient(
            self.base_url,
            HttpTimeouts(
                limits.connect,
                limits.read,
                limits.pool,
                limits.total,
                MAX_RESPONSE_BYTES,
                CONNECTIONS,
            ),
        )
        self._headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "User-Agent": "GATTE",
        }
        self._path = quote(f"{urlsplit(self.base_url).path.rstrip('/')}/{self.version}", safe="/%")

    def send(self, phone_number_id: str, body: dict[str, Any]) -> Sent:
        """Send a message body of `outbound`; raises Refused, NotSent or Uncertain."""
        answer = self._post(WhatsAppCall.SEND, phone_number_id, body)
        wamid = _wamid_of(answer)
        if wamid is None:
            raise OutcomeUncertain("the answer cannot be read")
        return Sent(wamid)

    def mark_read(self, phone_number_id: str, wamid: str, *, typing: bool = True) -> None:
        """Show a customer's message as read and, with `typing`, that an answer is being written (25
        s at most).
        """
        self._post(WhatsAppCall.READ_MARK, phone_number_id, read_receipt(wamid, typing=typing))

    def list_templates(self, business_account_id: str) -> list[ListedTemplate]:
        """All templates of a WhatsApp Business account; raises Rejected, NotSent or
        OutcomeUncertain.
        """
        found: list[ListedTemplate] = []
        after: str | None = None
        for _ in range(MOST_TEMPLATE_PAGES):
            page = self._template_page(business_account_id, after)
            found += parse_templates(page)
            after = next_cursor(page)
            if after is None:
                return found
        raise OutcomeUncertain("the list of templates does not end")

    def _template_page(self, business_account_id: str, after: str | None) -> object:
        if not NUMBER_ID.fullmatch(business_account_id):
            raise Rejected(GraphError(0, INVALID_PARAMETER, "the id of the account is not one", ""))
        asked = {"fields": TEMPLATE_FIELDS, "limit": str(TEMPLATES_A_PAGE)}
        if after is not None:
            asked["after"] = after
        path = f"{self._path}/{business_account_id}/message_templates?{urlencode(asked)}"
        deadline = time.monotonic() + self.timeouts.total
        try:
            with metrics.WHATSAPP_SECONDS.labels(call=WhatsAppCall.TEMPLATES).time():
                answer = self._connections.get(
                    path, self._headers, MAX_TEMPLATE_PAGE_BYTES, deadline
                )
        except ConnectFailed as error:
            raise NotSent(str(error)) from error
        except ResponseLost as error:
            raise OutcomeUncertain(str(error)) from error
        _raise_for_response(answer)
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise OutcomeUncertain("the answer cannot be read") from None

    def close(self) -> None:
        """Close the kept connections."""
        self._connections.close()

    def _post(self, call: WhatsAppCall, phone_number_id: str, body: dict[str, Any]) -> HttpResponse:
        """The answer to a POST that Meta did not refuse; `call` names it in the metrics."""
        if not NUMBER_ID.fullmatch(phone_number_id):
            raise Rejected(GraphError(0, INVALID_PARAMETER, "the id of the number is not one", ""))
        path, content = f"{self._path}/{phone_number_id}/messages", json.dumps(body).encode()
        try:
            with metrics.WHATSAPP_SECONDS.labels(call=call).time(), spans.span(f"meta {call}"):
                answer = self._connections.post(path, self._headers, content)
        except ConnectFailed as error:
            raise NotSent(str(error)) from error
        except ResponseLost as error:
            raise OutcomeUncertain(str(error)) from error
        _raise_for_response(answer)
        return answer


def _raise_for_response(answer: HttpResponse) -> None:
    """Raise what an answer other than 200 means.

    A 4xx is a refusal, but for 408. So is a 5xx whose code says that the message was turned away; a
    general failure of Meta (1, 2, 131000) may have come after the message was taken.
    """
    if answer.status == 200:
        return
    error = errors.parse(answer.status, answer.body)
    if (
        error is not None
        and answer.status >= 500
        and error.category in UNCERTAIN_CATEGORIES
        and error.code != OVERLOADED
    ):
        raise OutcomeUncertain(str(error))
    if error is None and (answer.status >= 500 or answer.status == 408 or answer.status < 300):
        raise OutcomeUncertain(f"HTTP {answer.status} without an error of Meta")
    raise Rejected(
        error or GraphError(answer.status, None, f"HTTP {answer.status}", ""),
        _retry_after(answer.headers),
    )


def _wamid_of(answer: HttpResponse) -> str | None:
    try:
        messages = as_list(as_dict(json.loads(answer.body)).get("messages"))
    except (ValueError, RecursionError):
        return None
    return identifier(as_dict(messages[0]).get("id")) if messages else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The longest wait that the headers ask for, in seconds: Retry-After, or the minutes of Meta's
    usage header.
    """
    asked = [
        wait
        for wait in (_retry_after_header(headers), _usage_header_wait(headers))
        if wait is not None
    ]
    return max(asked, default=None)


def _retry_after_header(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    seconds = as_float(value)
    if seconds is not None:
        return max(0.0, seconds)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _usage_header_wait(headers: Mapping[str, str]) -> float | None:
    try:
        usage = as_dict(json.loads(headers.get(USAGE_HEADER, "")))
    except (ValueError, RecursionError):
        return None
    entries = [as_dict(entry) for part in usage.values() for entry in as_list(part)]
    minutes = [as_float(entry.get("estimated_time_to_regain_access")) for entry in entries]
    return max((found * 60 for found in minutes if found), default=None)
