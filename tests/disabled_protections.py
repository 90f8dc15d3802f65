"""The application with one protection switched off, to show that the tests of it can fail."""

import os

from gatte.privacy import crypto, masking

WHAT = os.environ["SABOTAGE"]

if WHAT == "masking":
    masking.mask = lambda text: text
    masking.mask_value = lambda value: value
elif WHAT == "sealing":
    crypto.seal = lambda _key, plain, _place: crypto.VERSION + bytes(crypto.NONCE_BYTES) + plain
    crypto.unseal = lambda _key, sealed, _place: sealed[1 + crypto.NONCE_BYTES :]

from gatte import create_app  # noqa: E402 - only now, so that nobody holds what was switched off

app = create_app(process=WHAT)
