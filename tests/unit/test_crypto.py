import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from gatte.privacy import crypto

KEY = bytes(range(32))

# NIST CAVP, gcmEncryptExtIV256.rsp (Keylen 256, IVlen 96, Taglen 128): key, nonce, plaintext,
# associated data, ciphertext and tag.
NIST = [
    (
        "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
        "516c33929df5a3284ff463d7",
        "",
        "",
        "bdc1ac884d332457a1d2664f168c76f0",
    ),
    (
        "78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223",
        "d79cf22d504cc793c3fb6c8a",
        "",
        "b96baa8c1c75a671bfb2d08d06be5f36",
        "3e5d486aa2e30b22e040b85723a06e76",
    ),
    (
        "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
        "0d18e06c7c725ac9e362e1ce",
        "2db5168e932556f8089a0622981d017d",
        "",
        "fa4362189661d163fcd6a56d8bf0405ad636ac1bbedd5cc3ee727dc2ab4a9489",
    ),
]


@pytest.mark.parametrize(("key", "nonce", "plain", "data", "sealed"), NIST)
def test_the_cipher_gives_what_nist_gives(key, nonce, plain, data, sealed):
    key, nonce, plain, data = (bytes.fromhex(part) for part in (key, nonce, plain, data))

    assert AESGCM(key).encrypt(nonce, plain, data).hex() == sealed
    assert crypto.unseal(key, crypto.VERSION + nonce + bytes.fromhex(sealed), data) == plain


@given(st.binary(max_size=500), st.binary(max_size=50))
def test_what_was_sealed_opens_in_its_place(plain, place):
    assert crypto.unseal(KEY, crypto.seal(KEY, plain, place), place) == plain


def test_a_value_moved_to_another_row_does_not_open():
    with pytest.raises(crypto.DecryptionFailed):
        crypto.unseal(KEY, crypto.seal(KEY, b"Maria", b"contact.name:1"), b"contact.name:2")


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_byte_is_noticed(position, change):
    sealed = bytearray(crypto.seal(KEY, b"Maria da Silva", b"place"))
    sealed[position % len(sealed)] ^= change

    with pytest.raises(crypto.DecryptionFailed):
        crypto.unseal(KEY, bytes(sealed), b"place")


def test_nonces_do_not_repeat():
    assert len({crypto.seal(KEY, b"x", b"")[1:13] for _ in range(5_000)}) == 5_000


def test_the_first_master_key_wraps_and_all_unwrap():
    old = crypto.MasterKeys({"old": KEY})
    both = crypto.MasterKeys({"new": bytes(32), "old": KEY})
    data_key = crypto.new_data_key()

    assert both.unwrap(old.wrap(data_key, b"row"), b"row") == data_key
    assert both.wrap(data_key, b"row").master_key_id == "new"


def test_a_data_key_without_its_master_key_says_which_is_missing():
    wrapped = crypto.MasterKeys({"old": KEY}).wrap(crypto.new_data_key(), b"row")

    with pytest.raises(crypto.UnknownMasterKey, match="old"):
        crypto.MasterKeys({"new": bytes(32)}).unwrap(wrapped, b"row")


def test_hashes_of_different_kinds_differ():
    assert crypto.keyed_hash(KEY, "phone", "1") != crypto.keyed_hash(KEY, "bsuid", "1")
    assert crypto.keyed_hash(KEY, "phone", "1") != crypto.keyed_hash(bytes(32), "phone", "1")
