"""What an error of Meta means for us: look a code up, or read the error out of an HTTP answer."""

import json
from dataclasses import dataclass
from typing import Any

from gatte.whatsapp.error_table import (
    EXPIRED_SUBCODE,
    MISSING_OBJECT_SUBCODE,
    PERMISSION_CODES,
    PERMISSION_RULE,
    RULES,
    UNKNOWN_RULE,
    ErrorCategory,
    ErrorRule,
)
from gatte.whatsapp.lenient_json import as_dict, integer, text

__all__ = ["ErrorCategory", "ErrorRule", "GraphError", "rule_for", "rule_for_status"]

TITLE_LENGTH = 300
RATE_LIMIT_STATUS, AUTH_STATUS, PERMISSION_STATUS = 429, 401, 403

HTTP_RULES = {
    RATE_LIMIT_STATUS: RULES[130429],
    AUTH_STATUS: RULES[190],
    PERMISSION_STATUS: PERMISSION_RULE,
}
"""For an answer with no error code in it: a proxy or load balancer spoke, not the Cloud API."""


def rule_for(code: int | None, subcode: int | None = None) -> ErrorRule:
    """What follows from an error code; a rule of category UNKNOWN for a code that is in no list."""
    if code == 100 and subcode == MISSING_OBJECT_SUBCODE:
        return RULES[33]
    if subcode == EXPIRED_SUBCODE:
        return RULES[190]
    if code is None:
        return UNKNOWN_RULE
    if code in PERMISSION_CODES:
        return PERMISSION_RULE
    return RULES.get(code, UNKNOWN_RULE)


def rule_for_status(status: int) -> ErrorRule:
    """What follows from a bare HTTP status without a code of Meta."""
    return HTTP_RULES.get(status, UNKNOWN_RULE)


@dataclass(frozen=True)
class GraphError:
    """An error as the Graph API answered it; `status` is that of HTTP, 0 when nothing was sent."""

    status: int
    code: int | None
    title: str
    details: str
    subcode: int | None = None

    @property
    def rule(self) -> ErrorRule:
        """What follows from it."""
        return (
            rule_for_status(self.status) if self.code is None else rule_for(self.code, self.subcode)
        )

    @property
    def category(self) -> ErrorCategory:
        """The category of its rule."""
        return self.rule.category

    def __str__(self) -> str:
        """Code and status, without Meta's words: they may name the customer, and this is logged."""
        return f"{self.code or 'no code'} (HTTP {self.status})"


def parse(status: int, body: bytes) -> GraphError | None:
    """The error in an HTTP answer; None when there is none that can be read."""
    try:
        error = as_dict(json.loads(body)).get("error")
    except (ValueError, RecursionError):
        return None
    if not isinstance(error, dict) or integer(error.get("code")) is None:
        return None
    return _graph_error(status, error)


def _graph_error(status: int, error: dict[str, Any]) -> GraphError:
    return GraphError(
        status=status,
        code=integer(error.get("code")),
        title=(text(error.get("message")) or "")[:TITLE_LENGTH],
        details=(text(as_dict(error.get("error_data")).get("details")) or "")[:TITLE_LENGTH],
        subcode=integer(error.get("error_subcode")),
    )
