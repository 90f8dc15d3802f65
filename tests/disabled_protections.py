"""The application with one protection switched off, to show that the tests of it can fail."""

import os

from gatte.privacy import crypto, masking

WHAT = os.environ["SABOTAGE"]

if WHAT == "masking":
    masking.mask = lambda text: text
    masking.mask_value = lambda value: value
elif WHAT == "sealing":
    sealed, unsealed = crypto.seal, crypto.unseal

    def seal(key: bytes, plain: bytes, place: bytes) -> bytes:
        """Nothing but data keys is sealed: web processes open one before this module is read."""
        if place.startswith(b"data-key:"):
            return sealed(key, plain, place)
        return crypto.VERSION + bytes(crypto.NONCE_BYTES) + plain

    def unseal(key: bytes, stored: bytes, place: bytes) -> bytes:
        if place.startswith(b"data-key:"):
            return unsealed(key, stored, place)
        return stored[1 + crypto.NONCE_BYTES :]

    crypto.seal, crypto.unseal = seal, unseal

from gatte import create_app  # noqa: E402 - only now, so that nobody holds what was switched off

app = create_app(process=WHAT)
