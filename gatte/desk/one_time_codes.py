"""The second step of a login: codes of an authenticator app (RFC 6238), and recovery codes on
paper.

The package pyotp makes and compares codes; here is what it leaves open: a code is taken once, the
secret is sealed, recovery codes are kept as hashes under the data key of the secret, which a
rotation of master keys wraps again.
"""

import base64
import re
import secrets
import time
from dataclasses import dataclass

import pyotp

from gatte import services
from gatte.models import SecondFactor, User, keyring
from gatte.privacy.crypto import derived_key, keyed_hash
from gatte.store import audit, second_factors

STEP_SECONDS = 30
CLOCK_STEPS = 1  # a phone's clock may be this far off, before or after
RECOVERY_CODES = 10
RECOVERY_BYTES = 5  # eight letters and digits of base 32
CODE = re.compile(r"\d{6}")


class WrongCode(Exception):
    """The code is not the present one of the user's app, or was used already."""


class AlreadyEnabled(Exception):
    """The user's second step is on; it is removed before another is set up."""


@dataclass(frozen=True)
class Enrolment:
    """What an app needs: the address that a QR code holds, and the secret for typing it in."""

    uri: str
    secret: str


def begin(user: User, company: str) -> Enrolment:
    """Make a new secret for a user, which counts once `confirm` has seen a code of it;
    AlreadyEnabled where one counts.
    """
    if second_factors.find_confirmed(user.id) is not None:
        raise AlreadyEnabled("the second step is on")
    secret = pyotp.random_base32()
    second_factors.add(user.id, secret)
    return _enrolment(user, secret, company)


def pending(user: User, company: str) -> Enrolment | None:
    """The secret that waits for its first code; None when there is none."""
    factor = second_factors.find(user.id)
    if factor is None or factor.confirmed_at is not None or factor.secret is None:
        return None
    return _enrolment(user, factor.secret, company)


def confirm(user: User, code: str) -> list[str]:
    """Let logins need a code from now on, once the app has shown that it has the secret: the
    recovery codes, which nobody can read again. WrongCode when the code does not fit.
    """
    factor = second_factors.find(user.id)
    if factor is None or not _takes(factor, code):
        raise WrongCode("the code is not the present one of the app")
    second_factors.confirm(factor)
    audit.record(user.id, "second_factor_enabled", f"user:{user.id}")
    return _renew(factor)


def renew_recovery_codes(user: User) -> list[str]:
    """Ten new recovery codes; the former ones are worth nothing. WrongCode without a second step,
    which they stand for.
    """
    factor = second_factors.find(user.id)
    if factor is None:
        raise WrongCode("there is no second step whose codes could be renewed")
    return _renew(factor)


def _renew(factor: SecondFactor) -> list[str]:
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    key = _key_of(factor)
    if key is None:
        raise WrongCode("the key of the second step is gone: an admin removes it")
    second_factors.replace_recovery_codes(factor.user_id, [_hash(key, code) for code in codes])
    audit.record(factor.user_id, "recovery_codes_renewed", f"user:{factor.user_id}")
    return codes


def check(user: User, code: str) -> bool:
    """Whether this is a code of the user's app or an unused recovery code; it is used up then."""
    factor = second_factors.find_confirmed(user.id)
    if factor is None:
        return False
    if _takes(factor, code):
        return True
    for key in (_key_of(factor), *_former_keys()):
        if key is not None and second_factors.take_recovery_code(user.id, _hash(key, code)):
            audit.record(user.id, "recovery_code_used", f"user:{user.id}")
            return True
    return False


def remove(user: User, by: int | None) -> bool:
    """Let the password be enough again; False when it was. `by` is the user who does it, None at
    the command line.
    """
    removed = second_factors.remove(user.id)
    if removed:
        audit.record(by, "second_factor_removed", f"user:{user.id}")
    return removed


def _enrolment(user: User, secret: str, company: str) -> Enrolment:
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=f"GATTE {company}")
    return Enrolment(uri, secret)


def _takes(factor: SecondFactor, code: str) -> bool:
    """Whether a code is that of the present step or the one beside it, and was never used."""
    digits = "".join(code.split())
    if factor.secret is None or not CODE.fullmatch(digits):
        return False
    app = pyotp.TOTP(factor.secret)
    now = int(time.time()) // STEP_SECONDS
    for step in range(now - CLOCK_STEPS, now + CLOCK_STEPS + 1):
        if secrets.compare_digest(app.generate_otp(step), digits):
            return second_factors.take_step(factor, step)
    return False


def _new_recovery_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return f"{letters[:4]}-{letters[4:]}"


def _key_of(factor: SecondFactor) -> bytes | None:
    """The data key of a second factor; None when it was destroyed."""
    return None if factor.data_key_id is None else keyring().open(factor.data_key_id)


def _former_keys() -> list[bytes]:
    """The keys of codes that a former version printed: they hang on SECRET_KEY."""
    return [derived_key(secret, "recovery codes") for secret in services.settings().secret_keys]


def _hash(key: bytes, code: str) -> bytes:
    """The keyed hash of a recovery code, however it is typed."""
    plain = "".join(character for character in code.lower() if character.isalnum())
    return keyed_hash(key, "recovery code", plain)
