"""The way in: one body of the webhook becomes rows, and `store_webhook` returns when they are
committed.
"""

import json
from dataclasses import fields
from typing import Any, cast
from uuid import UUID

import pydantic_core
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gatte import services
from gatte.intake import contact_identity
from gatte.intake.group_commit import GroupCommitWriter, RejectedRows, StorageUnavailable
from gatte.intake.webhook_rows import WebhookRows
from gatte.models import Keyring, keyring
from gatte.models.shared_keys import LookupKeyRotating
from gatte.privacy import masking
from gatte.store.inbox import EventRow, MessageRow
from gatte.store.status_events import StatusRow
from gatte.whatsapp.content import MetaError
from gatte.whatsapp.events import (
    CompanyEcho,
    InboundMessage,
    Pricing,
    Sender,
    StatusUpdate,
    UnhandledEvent,
    WebhookPayload,
)
from gatte.whatsapp.webhook_parser import parse

log = structlog.get_logger(__name__)

ECHO = "echo"
SENDER_PARTS = [part.name for part in fields(Sender)]
EVENT_AAD = b"webhook_event.payload"
UNSTORABLE = "unstorable"
"""The field of an event that holds a webhook body of which the database refused a part."""
# refusals of one body before what is left waits for people: a row costs up to 13 of them, and each
# a transaction
MOST_REFUSED = 100


class InboxReceiver:
    """The way in of one application. Needs no context of it, so that whoever stores thousands a
    second need not make one for each.
    """

    def __init__(self, keys: Keyring, writer: GroupCommitWriter) -> None:
        self._keys = keys
        self._writer = writer

    def store(self, raw: bytes, request_id: str | None = None) -> WebhookRows:
        """Store all that a body brings and return when it is committed.

        InvalidPayload when it is no webhook body; StorageUnavailable or Backpressure when the
        sender must try again. Of a body that the database refuses every row is stored that can be,
        and the body is kept whole, sealed: `flask reprocess` takes it again.
        """
        delivery = parse(raw)
        try:
            rows = self._rows(delivery, request_id)
        except (
            DBAPIError,
            PoolTimeout,
            LookupKeyRotating,
        ) as error:  # the keys of this installation are read with the first message of a process
            raise StorageUnavailable("the database or the look-up key is away") from error
        try:
            self._writer.store(rows)
        except RejectedRows:
            log.exception("webhook_rows_rejected", size=len(raw))
            self._writer.store(
                WebhookRows(events=[self._event(UNSTORABLE, None, raw)], request_id=request_id)
            )
            rows.refused = self._store_parts(rows)
        return rows

    def _store_parts(self, rows: WebhookRows) -> int:
        """Store the halves of rows that were refused together, and theirs, down to single rows; how
        often the database refused.
        """
        waiting, refused = rows.halves(), 1
        while waiting and refused < MOST_REFUSED:
            part, *waiting = waiting
            try:
                self._writer.store(part)
            except RejectedRows:
                waiting = [*part.halves(), *waiting]
                refused += 1
        return refused

    def _rows(self, delivery: WebhookPayload, request_id: str | None) -> WebhookRows:
        messages = [self._message(message, request_id) for message in delivery.messages]
        messages += [self._echo(echo, request_id) for echo in delivery.echoes]
        statuses = [self._status(status) for status in delivery.statuses]
        return WebhookRows(
            messages,
            statuses,
            [self._unhandled_event(event) for event in delivery.others],
            request_id,
        )

    def _message(self, message: InboundMessage, request_id: str | None) -> MessageRow:
        return self._row(
            message,
            message.sender,
            message.kind.value,
            message.raw,
            request_id,
            skip_quiet_period=message.skips_quiet_period,
        )

    def _echo(self, echo: CompanyEcho, request_id: str | None) -> MessageRow:
        return self._row(
            echo,
            Sender(echo.phone, echo.bsuid),
            ECHO,
            {"message": echo.raw},
            request_id,
            skip_quiet_period=True,
        )

    def _row(
        self,
        message: InboundMessage | CompanyEcho,
        sender: Sender,
        kind: str,
        raw: dict[str, Any],
        request_id: str | None,
        *,
        skip_quiet_period: bool,
    ) -> MessageRow:
        wamid_hash = self._keys.lookup_hash("wamid", message.wamid)
        payload = {"wamid": message.wamid, "sender": _parts(sender), "raw": raw}
        return MessageRow(
            phone_number_id=message.phone_number_id,
            wamid_hash=wamid_hash,
            sender_hash=contact_identity.sender_hash(sender, self._keys, message.phone_number_id),
            kind=kind,
            skip_quiet_period=skip_quiet_period,
            payload=self._keys.seal_inbox(_encoded(payload), _aad(wamid_hash)),
            request_id=request_id,
            sent_at=message.sent_at,
        )

    def _status(self, status: StatusUpdate) -> StatusRow:
        first = status.errors[0] if status.errors else MetaError(None, None, None)
        pricing = status.pricing or Pricing(None, None, None, None)
        return StatusRow(
            phone_number_id=status.phone_number_id,
            wamid_hash=self._keys.lookup_hash("wamid", status.wamid),
            outbox_id=_uuid(status.outbox_id),
            status=status.status.value,
            error_code=first.code,
            billable=pricing.billable,
            category=_masked(pricing.category),
            at=status.at,
        )

    def _unhandled_event(self, event: UnhandledEvent) -> EventRow:
        return self._event(event.field, event.phone_number_id, _encoded(event.value))

    def _event(self, field: str, phone_number_id: str | None, payload: bytes) -> EventRow:
        """A row of an event. Its field stands in plain, and is masked: a body may name anything."""
        sealed = self._keys.seal_inbox(payload, EVENT_AAD)
        return EventRow(masking.mask(field), phone_number_id, sealed)


def store_webhook(raw: bytes, request_id: str | None = None) -> WebhookRows:
    """Store a body with the `InboxReceiver` of the running application."""
    return services.inbox_receiver().store(raw, request_id)


def _parts(sender: Sender) -> dict[str, str | None]:
    return {name: getattr(sender, name) for name in SENDER_PARTS}


def _encoded(value: object) -> bytes:
    try:
        return pydantic_core.to_json(value)
    except (
        pydantic_core.PydanticSerializationError
    ):  # half surrogate pairs, which are legal in JSON
        return json.dumps(value).encode()


def decrypt_payload(wamid_hash: bytes, sealed: bytes) -> dict[str, Any]:
    """What an inbox row keeps of a message: its wamid, its sender, and the message as Meta wrote
    it.
    """
    return cast("dict[str, Any]", json.loads(keyring().unseal_inbox(sealed, _aad(wamid_hash))))


def seal_payload(wamid_hash: bytes, payload: dict[str, Any]) -> bytes:
    """What an inbox row keeps of a message, sealed anew."""
    return keyring().seal_inbox(_encoded(payload), _aad(wamid_hash))


def open_event(sealed: bytes) -> bytes:
    """What an event holds, as JSON."""
    return keyring().unseal_inbox(sealed, EVENT_AAD)


def seal_event(payload: bytes) -> bytes:
    """What an event holds, sealed anew."""
    return keyring().seal_inbox(payload, EVENT_AAD)


def _aad(wamid_hash: bytes) -> bytes:
    return b"inbox_message.payload:" + wamid_hash


def _masked(text: str | None) -> str | None:
    """Meta's words, masked, since Meta names the customer at times."""
    return masking.mask(text) if text else None


def _uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None
