"""The Graph API of the stand-in: messages are checked, recorded as customers receive them, and
answered in Meta's shape.
"""

import json
import re
import time
from pathlib import Path
from typing import Any

from tests.fakes import payloads
from tests.fakes.http_loop import Answer, Request, as_json
from tests.fakes.meta_faults import Fault, Faults, Kind, Rates, graph_error
from tests.fakes.meta_media import MediaStore
from tests.fakes.meta_rules import Refusal, check_message, check_read, recipient_of
from tests.fakes.meta_statuses import StatusPlan, StatusPoster

Json = dict[str, Any]
DRIPS_A_SECOND = 20
VERSION = re.compile(r"v\d{1,3}\.\d")


class GraphApi:
    """What Meta knows: who got what in which order, what was read, what was refused."""

    def __init__(self, token: str | None, record: Path | None = None) -> None:
        self.token = token
        self.delay = 0.0
        self.faults = Faults()
        self.rates = Rates()
        self.plan: StatusPlan | None = None
        self.poster = StatusPoster()
        self._file = record.open("a", buffering=1) if record else None
        self.reset()

    def reset(self) -> None:
        """Forget what happened; faults, rates and plans stay."""
        self.accepted: list[Json] = []
        self.refused: list[Json] = []
        self.reads: list[Json] = []
        self.forgotten: list[str] = []
        self.templates: list[Json] = []
        self.media = MediaStore()

    def close(self) -> None:
        self.poster.stop()
        if self._file:
            self._file.close()

    def answer(self, request: Request) -> Answer:
        """Answer a call of the Graph API."""
        try:
            return self._route(request)
        except Refusal as refusal:
            self.refused.append(
                {
                    "at": time.time(),
                    "code": refusal.code,
                    "details": refusal.details,
                    "status": refusal.status,
                }
            )
            return as_json(
                refusal.status, graph_error(refusal.code, refusal.details, refusal.subcode)
            )

    def _route(self, request: Request) -> Answer:
        self._authorise(request)
        parts = request.path.strip("/").split("/")
        if parts[0] == "media-file" and len(parts) == 2:
            return self.media.fetch(parts[1])
        if len(parts) < 2 or not VERSION.fullmatch(parts[0]):
            raise Refusal(2500, "Unknown path components", status=400)
        match (request.method, *parts[1:]):
            case ("POST", number, "messages"):
                return self._messages(number, request)
            case ("POST", _, "media"):
                return as_json(200, {"id": self.media.keep(request.body)})
            case ("DELETE", _, "contact_book"):
                self.forgotten.append(request.query.get("bsuid", ""))
                return as_json(200, {"success": True})
            case ("GET", named, *rest) if rest in ([], ["message_templates"]):
                return self._templates(request) if rest else self.media.facts(named, request)
            case ("DELETE", media_id):
                return as_json(200, {"success": self.media.drop(media_id)})
        raise Refusal(100, "Unsupported request", subcode=33)

    def _authorise(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not given.startswith("Bearer ") or (
            self.token is not None and given != f"Bearer {self.token}"
        ):
            raise Refusal(190, "Cannot parse access token", status=401)

    def _templates(self, request: Request) -> Answer:
        """A page of the account's templates; the cursor is the place where the next one begins."""
        start = int(request.query.get("after", "0"))
        end = start + int(request.query.get("limit", "25"))
        paging: Json = {"cursors": {"after": str(end)}}
        if end < len(self.templates):
            paging["next"] = "https://graph.example/next"
        return as_json(200, {"data": self.templates[start:end], "paging": paging})

    def _messages(self, number: str, request: Request) -> Answer:
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refusal(100, "The body must be JSON")
        try:
            body = json.loads(request.body)
        except ValueError:
            raise Refusal(100, "The body must be JSON") from None
        if not isinstance(body, dict):
            raise Refusal(100, "The body must be a JSON object")
        if not number.isdigit():
            raise Refusal(100, f"Object with ID '{number}' does not exist", subcode=33)
        return self._read(number, body) if "status" in body else self._send(number, body)

    def _read(self, number: str, body: Json) -> Answer:
        check_read(body)
        self.reads.append(
            {
                "at": time.time(),
                "number": number,
                "wamid": body["message_id"],
                "typing": "typing_indicator" in body,
            }
        )
        return as_json(200, {"success": True}, delay=self.delay)

    def _send(self, number: str, body: Json) -> Answer:
        check_message(body)
        to = recipient_of(body)
        broken = self.rates.exceeded(number, to)
        if broken is not None:
            raise Refusal(broken, "Too many messages.", status=400 if broken == 131056 else 429)
        fault = self.faults.take(to)
        if fault is None:
            return self._accept(number, to, body, None)
        return self._go_wrong(fault, number, to, body)

    def _accept(self, number: str, to: str, body: Json, failed_code: int | None) -> Answer:
        record = {
            "seq": len(self.accepted) + 1,
            "at": time.time(),
            "number": number,
            "to": to,
            "wamid": payloads.new_wamid(to if to.isdigit() else None, outgoing=True),
            "outbox_id": body.get("biz_opaque_callback_data"),
            "type": body.get("type", "text"),
            "body": body,
        }
        self.accepted.append(record)
        if self._file:
            self._file.write(json.dumps(record) + "\n")
        when = self.poster.plan(self.plan, record, failed_code) if self.plan else None
        shape: Json = {
            "messaging_product": "whatsapp",
            "messages": [{"id": record["wamid"], "message_status": "accepted"}],
        }
        shape["contacts"] = (
            [{"input": to, "wa_id": to}] if to.isdigit() else [{"input": to, "user_id": to}]
        )
        return as_json(200, shape, delay=self.delay, when=when)

    def _go_wrong(self, fault: Fault, number: str, to: str, body: Json) -> Answer:
        normal = (
            self._accept(number, to, body, fault.code if fault.kind is Kind.FAILS_LATER else None)
            if fault.accepts
            else None
        )
        delay = self.delay + fault.seconds
        match fault.kind:
            case Kind.ERROR:
                return self._error(fault, to, delay)
            case Kind.CUT:
                return Answer(cut=True, delay=delay)
            case Kind.SILENCE:
                return Answer(silent=True)
            case Kind.NONSENSE:
                return Answer(200, fault.body.encode(), {"Content-Type": "text/html"}, delay=delay)
            case Kind.DRIP if normal:
                return Answer(
                    200,
                    normal.body + b" " * int(fault.seconds * DRIPS_A_SECOND),
                    normal.headers,
                    drip=True,
                )
        made = normal or as_json(500, {})
        return Answer(made.status, made.body, made.headers, delay=delay, when=made.when)

    def _error(self, fault: Fault, to: str, delay: float) -> Answer:
        self.refused.append(
            {"at": time.time(), "to": to, "code": fault.code, "status": fault.status}
        )
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
        if fault.usage_minutes is not None:
            usage = {
                "type": "messages",
                "call_count": 100,
                "estimated_time_to_regain_access": fault.usage_minutes,
            }
            headers["X-Business-Use-Case-Usage"] = json.dumps({payloads.ACCOUNT: [usage]})
        if fault.code is None:
            return Answer(
                fault.status,
                fault.body.encode(),
                {"Content-Type": "text/html"} | headers,
                delay=delay,
            )
        return as_json(
            fault.status,
            graph_error(fault.code, "Stand-in was told so."),
            headers=headers,
            delay=delay,
        )
