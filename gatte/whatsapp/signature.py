"""Whether a webhook body was signed by Meta with one of our app secrets."""

import hmac
from collections.abc import Sequence

from gatte.privacy import crypto

PREFIX = "sha256="


def verify(raw: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """True when X-Hub-Signature-256 fits the raw bytes under any of the secrets; an empty secret
    fits nothing.

    Every secret is tried in constant time, so that the answer does not tell which of two rotating
    secrets is in use.
    """
    if header is None or not header.startswith(PREFIX):
        return False
    given = header[len(PREFIX) :].strip().lower().encode("utf-8", "replace")
    found = [hmac.compare_digest(_digest(raw, secret), given) for secret in secrets if secret]
    return any(found)


def sign(raw: bytes, secret: str) -> str:
    """The X-Hub-Signature-256 header that Meta would send; ValueError without a secret."""
    if not secret:
        raise ValueError("an empty secret signs nothing")
    return PREFIX + _digest(raw, secret).decode("ascii")


def _digest(raw: bytes, secret: str) -> bytes:
    return crypto.hmac_sha256(secret.encode(), raw).hexdigest().encode("ascii")
