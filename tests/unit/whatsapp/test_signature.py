import pytest

from gatte.whatsapp.signature import sign, verify
from tests.fakes import payloads

RAW = payloads.encode(payloads.body(payloads.text("olá 😀 a/b")))


def test_a_body_signed_by_meta_is_taken():
    assert verify(RAW, payloads.sign(RAW, "segredo"), ["segredo"])


def test_our_own_signature_is_metas():
    assert sign(RAW, "segredo") == payloads.sign(RAW, "segredo")


@pytest.mark.parametrize("secrets", [["novo", "velho"], ["velho", "novo"], ["velho"]])
def test_while_rotating_either_secret_is_taken(secrets):
    assert verify(RAW, payloads.sign(RAW, "velho"), secrets)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        "sha256",
        "sha1=abc",
        "sha256=é",
        "sha256=" + "0" * 64,
        payloads.sign(RAW, "outro"),
        payloads.sign(b"x", "segredo"),
    ],
    ids=range(9),
)
def test_anything_else_is_refused(header):
    assert not verify(RAW, header, ["segredo"])


def test_one_changed_byte_is_noticed():
    assert not verify(RAW + b" ", payloads.sign(RAW, "segredo"), ["segredo"])


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_without_a_secret_nothing_is_taken(secrets):
    assert not verify(
        RAW, "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", secrets
    )
    assert not verify(
        b"", "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", secrets
    )


def test_an_empty_secret_signs_nothing():
    with pytest.raises(ValueError, match="empty secret"):
        sign(RAW, "")
