"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a POST that is sent again, because
its answer was lost, is done once and answered the same.

The answer is kept in the transaction of what was done, so there is never one without the other. A
refusal is not kept: the request may be sent again with the same key.

A key may name a customer, as a body does. So what is kept of both is HMAC-SHA256 under the token
that the program sends and that is stored nowhere: whoever reads the table can try out no phone.
"""

import hashlib
import hmac
from collections.abc import Callable
from uuid import UUID

from flask import Response, g, request

from gatte.models import IdempotentRequest
from gatte.store import idempotent_requests as stored
from gatte.web.api.authorization import current_secret, current_token
from gatte.web.problems import Problem

HEADER = "Idempotency-Key"
LONGEST_KEY = 255


def seal_answer_with(data_key_id: UUID | None) -> None:
    """Let the answer to this request be kept under the data key of what it is about."""
    g.answer_data_key_id = data_key_id


def keep_answer_open() -> None:
    """Let the answer to this request be kept as it is: it holds nothing of any person."""
    g.answer_is_impersonal = True


def run_once(work: Callable[[], Response], *, taken: bool) -> Response:
    """The answer of `work`, or the one that the same request got in the last 24 hours; where keys
    are not `taken` one makes no difference.

    A Problem when the key is malformed (400), another request with it is under way (409), or it
    came with another request (422).
    """
    key = request.headers.get(HEADER)
    if key is None or not taken:
        return work()
    if not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise Problem(
            400,
            f"{HEADER} has 1 to {LONGEST_KEY} printable characters.",
            kind="bad-idempotency-key",
        )
    token_id = current_token().id
    named = key.encode("utf-8", "surrogatepass")
    key_hash = _keyed(named)
    if not stored.try_lock(token_id, key_hash):
        raise Problem(
            409,
            f"A request with this {HEADER} is under way: wait a moment and send it again.",
            kind="idempotent-request-under-way",
        )
    answered = stored.find_answered(token_id, [key_hash, _former_hash(named)])
    if answered is not None:
        return _answer_again(answered)
    response = work()
    _keep(token_id, key_hash, response)
    return response


def _keep(token_id: UUID, key_hash: bytes, response: Response) -> None:
    if not response.is_sequence or response.status_code >= 400:
        return
    data_key_id = g.get("answer_data_key_id")
    body = response.get_data(as_text=True)
    answered = IdempotentRequest(
        data_key_id=data_key_id,
        token_id=token_id,
        key_hash=key_hash,
        request_hash=_keyed(_asked()),
        status=response.status_code,
        location=response.headers.get("Location"),
        etag=response.headers.get("ETag"),
        body=body if data_key_id else None,
        impersonal_body=body if g.get("answer_is_impersonal") else None,
    )
    stored.add_answered(answered)


def _answer_again(answered: IdempotentRequest) -> Response:
    asked = _asked()
    if answered.request_hash not in {_keyed(asked), _former_hash(asked)}:
        raise Problem(
            422,
            f"This {HEADER} came with another request: use a fresh one for each.",
            kind="idempotency-key-reused",
        )
    body = answered.body or answered.impersonal_body
    if body is None:
        raise Problem(
            409,
            "The request was done, and what it made was erased since then.",
            kind="idempotent-answer-erased",
        )
    response = Response(body, answered.status, mimetype="application/json")
    response.headers["Idempotency-Replayed"] = "true"
    if answered.location:
        response.headers["Location"] = answered.location
    if answered.etag:
        response.headers["ETag"] = answered.etag
    return response


def _asked() -> bytes:
    """What was asked: address with query, and body."""
    return request.full_path.encode("utf-8", "surrogatepass") + b"\0" + request.get_data()


def _keyed(content: bytes) -> bytes:
    return hmac.digest(current_secret(), content, "sha256")


def _former_hash(content: bytes) -> bytes:
    """How the former version kept it; nothing of that is older than a day."""
    return hashlib.sha256(content).digest()
