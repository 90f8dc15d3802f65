"""Refusals for machines, in one form: problem documents (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
NO_TYPE = "about:blank"
"""The type of a problem that its HTTP status says in full (RFC 9457, 4.2.1)."""
TYPE_PREFIX = "urn:gatte:problem:"


class Problem(HTTPException):
    """A request that is refused: its status, what went wrong and what to do about it.

    `kind` names the problem for programs; without one the status says all. Nothing of it may hold
    personal data.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        **members: Any,  # noqa: ANN401 - members of a JSON document
    ) -> None:
        super().__init__(detail)
        self.code = status
        self.kind = kind
        self.headers = dict(headers or {})
        self.members = members


def problem_response(
    status: int,
    detail: str,
    *,
    title: str = "",
    kind: str = "",
    headers: Mapping[str, str] | None = None,
    **members: Any,  # noqa: ANN401 - members of a JSON document
) -> Response:
    """The document as an answer; `members` are further members of it."""
    document = {
        "type": TYPE_PREFIX + kind if kind else NO_TYPE,
        "title": title or _title(status, kind),
        "status": status,
        "detail": detail,
        **members,
    }
    response = Response(json.dumps(document, ensure_ascii=False), status, mimetype=MEDIA_TYPE)
    response.headers.update(headers or {})
    return response


def _title(status: int, kind: str) -> str:
    return kind.replace("-", " ").capitalize() if kind else HTTPStatus(status).phrase
