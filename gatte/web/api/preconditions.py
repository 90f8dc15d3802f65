"""ETag and If-Match (RFC 9110, 13.1): who changes a resource names the version that they saw."""

import hashlib

from flask import request
from pydantic import BaseModel

from gatte.web.problems import Problem


def etag_of(resource: BaseModel) -> str:
    """A strong ETag, without its quotes: a hash of the resource as the API shows it."""
    return hashlib.sha256(resource.model_dump_json().encode()).hexdigest()[:32]


def require_match(resource: BaseModel) -> None:
    """A Problem unless the request was made of this version of the resource, whose row is locked:
    428 without If-Match, 412 with another version.
    """
    if "If-Match" not in request.headers:
        raise Problem(
            428,
            "Send the ETag of the resource as If-Match, so that nobody's change is lost.",
            kind="precondition-required",
        )
    check_match(resource)


def check_match(resource: BaseModel | None) -> None:
    """A Problem (412) when the request names a version in If-Match, and this is not it; None when
    the resource is not there.
    """
    if "If-Match" not in request.headers:
        return
    if resource is not None and request.if_match.contains(etag_of(resource)):
        return
    raise Problem(
        412,
        "Somebody changed the resource meanwhile: read it again and decide anew.",
        kind="precondition-failed",
    )
