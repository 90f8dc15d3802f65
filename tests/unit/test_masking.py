"""What must not stay in a log line."""

import pytest

from gatte.privacy.masking import LIMIT, configure, mask, mask_value

PHONES = [
    "+55 (41) 99999-8888",
    "+55 41 99999-8888",
    "+5541999998888",
    "5541999998888",
    "554199998888",
    "55 41 9999-8888",
    "005541999998888",
    "(41) 99999-8888",
    "(41)99999-8888",
    "(041) 99999-8888",
    "41 9 9999-8888",
    "41 99999 8888",
    "41.99999.8888",
    "41-99999-8888",
    "41 999 998 888",
    "41999998888",
    "4199998888",
    "041 99999-8888",
    "0 15 41 99999-8888",
    "(41) 3333-4488",
    "41 3333-4488",
    "4133334488",
    "554133334488",
    "99999-8888",
    "9 9999-8888",
    "+55\u00a041\u00a099999\u20118888",
    "%2B55%2041%2099999-8888",
    "%2B55+41+99999-8888",
    "wa.me/5541999998888",
    "https://wa.me/5541999998888?text=oi",
    "https://api.whatsapp.com/send?phone=5541999998888",
    "tel:+55-41-3333-4488",
    "whatsapp:+5541999998888",
    "user_5541999998888",
    "phone5541999998888",
    "/panel/contacts/5541999998888/edit",
    '{"wa_id": "5541999998888"}',
    '{\\"wa_id\\":\\"5541999998888\\"}',
    "+1 415 555 2688",
    "telefone 3333-4488",
    "telefone fixo: 33334488",
    "ligue para 3333 4488",
    "meu whats é 999998888",
    "wa_id=14155552688",
]
DOCUMENTS = [
    "529.982.247-25",
    "529982247-25",
    "529 982 247 25",
    "529.982.24725",
    "52998224725",
    "111.222.333-44",
    "cpf52998224725",
    "45.997.418/0001-53",
    "45997418/0001-53",
    "45.997.418/000153",
    "45.997.418.0001-53",
    "45 997 418 0001 53",
    "45.997.418 / 0001 - 53",
    "45997418000153",
    "11.222.333/0001-44",
    "45.997.418%2F0001-53",
    "12.ABC.345/01DE-35",
    "12ABC345/01DE-35",
    "12ABC34501DE35",
    "12abc34501de35",
    "12.abc.345/01de-35",
]
EMAILS = [
    "joao.silva@gmail.com",
    "JOAO@EMPRESA.COM.BR",
    "joao+nfe@empresa.com.br",
    "joao @ gmail . com",
    "joao@ gmail.com",
    "joao @gmail.com.br",
    "joao%40gmail.com",
    "joao(at)gmail.com",
    "mailto:joao@gmail.com",
    "<joao@gmail.com>",
    "joão@exemplo.test",
    "5541999998888@s.whatsapp.net",
]
SECRETS = [
    "Authorization: Bearer s3cr3t-value",
    "'Authorization': 'Bearer s3cr3t-value'",
    "(b'authorization', b'Bearer s3cr3t-value')",
    "authorization=Basic czNjcjN0LXZhbHVl:s3cr3t-value",
    "Bearer s3cr3t-value",
    "{'access_token': b's3cr3t-value'}",
    "[(b'x-goog-api-key', b's3cr3t-value')]",
    "Cookie: session=s3cr3t-value; other=1",
    "token=s3cr3t-value",
    "access_token=s3cr3t-value&x=1",
    '"verify_token": "s3cr3t-value"',
    '{\\"app_secret\\": \\"s3cr3t-value\\"}',
    "password='s3cr3t-value with spaces s3cr3t-value'",
    "senha: s3cr3t-value",
    "?key=s3cr3t-value&alt=json",
    "x-goog-api-key: s3cr3t-value",
    "GATTE_ENCRYPTION_KEYS=k1:s3cr3t-value",
    "postgresql://gatte:s3cr3t-value@db:5432/gatte",
    "postgresql://gatte:p@s3cr3t-value@db:5432/gatte",
    "redis://:s3cr3t-value@localhost:6379/0",
    "EAAGs3cr3tvalue0PX4ZCpsBAKZCZAX",
    "AIzaSyAs3cr3t-value1234567890abcdef",
    "sk-s3cr3t-value-abcdef",
    "-----BEGIN PRIVATE KEY-----\ns3cr3t-value\n-----END PRIVATE KEY-----",
    "[SQL: SELECT 1]\n[parameters: {'name': 's3cr3t-value'}]",
    "DETAIL:  Key (name)=(s3cr3t-value) already exists.",
    "DETAIL:  Failing row contains (1, s3cr3t-value, null).",
]
WAMID = "wamid.HBgNNTU0MTk5OTk5ODg4OBUCABEYEjZBQkNERQA="


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize("line", ["{}", "sent to {}.", "a;{};b", "contact={}, attempt 2", '"{}"'])
def test_a_phone_is_masked_wherever_it_stands(phone, line):
    masked = mask(line.format(phone))

    assert "88]" in masked
    assert not any(part in masked for part in ("9999", "3333", "4155", "998 8"))


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("line", ["{}", "document {} refused", "a;{};b", "x={}", "('{}',)"])
def test_a_document_is_masked(document, line):
    assert mask(line.format(document)) in {
        line.format("[cpf]"),
        line.format("[cnpj]"),
        line.format("cpf[cpf]"),
    }


@pytest.mark.parametrize("email", EMAILS)
def test_an_email_is_masked(email):
    masked = mask(f"lead of {email} stored")

    assert "[email]" in masked
    assert not any(part in masked.lower() for part in ("joao", "joão", "silva", "gmail", "5541"))


@pytest.mark.parametrize("line", SECRETS)
def test_a_secret_is_masked(line):
    assert "s3cr3t" not in mask(line)


def test_a_wamid_becomes_a_keyed_hash_that_is_the_same_each_time():
    configure(b"a key")
    first = mask(f"sent {WAMID}")
    configure(b"another key")

    assert first != mask(f"sent {WAMID}")
    configure(b"a key")
    assert first == mask(f"sent {WAMID}")
    assert len(first) == len("sent wamid#ab12cd34")


@pytest.mark.parametrize(
    "bsuid", ["BR.1502576394655843", "BR.ENT.1502576394655843", "US.a1B2c3D4e5F6"]
)
def test_a_bsuid_becomes_a_keyed_hash(bsuid):
    assert mask(f"from {bsuid}, new").startswith("from bsuid#")
    assert bsuid[3:] not in mask(f"from {bsuid}, new")


@pytest.mark.parametrize(
    "encoded",
    [
        "NTU0MTk5OTk5ODg4OA==",
        "NTU0MTk5OTk5ODg4OA",
        "KzU1NDE5OTk5OTg4ODg=",
        "NTU0MTk5OTk4ODg4",
        WAMID[6:],
        "eyJmcm9tIjoiNTU0MTk5OTk5ODg4OCJ9",
    ],
)
def test_the_base64_of_a_phone_is_masked(encoded):
    masked = mask(f"media {encoded} stored")

    assert "[base64]" in masked
    assert "NTU0MTk5OTk5" not in masked
    assert "NDE5OTk5" not in masked


def test_everything_in_a_value_is_masked():
    value = {
        "5541999998888": 1,
        "nested": [{"deep": ("41999998888", b"529.982.247-25")}],
        "number": 5541999998888,
        "error": ValueError("no contact joao@gmail.com"),
    }

    assert mask_value(value) == {
        "[phone …88]": 1,
        "nested": [{"deep": ["[phone …88]", "[cpf]"]}],
        "number": "[phone …88]",
        "error": "ValueError: no contact [email]",
    }


def test_a_field_named_as_a_secret_or_a_text_is_hidden_whole():
    value = {
        "api_key": "abc",
        "text": "oi, sou a Maria",
        "profile_name": "Maria",
        "slots": {"name": "Maria"},
        "password": "",
        "token": None,
    }

    assert mask_value(value) == {
        "api_key": "[secret]",
        "text": "[hidden]",
        "profile_name": "[hidden]",
        "slots": "[hidden]",
        "password": "",
        "token": None,
    }


def test_a_foreign_phone_is_masked_in_a_field_of_phones():
    assert mask_value({"wa_id": "14155552671", "to": 351912345678}) == {
        "wa_id": "[phone …71]",
        "to": "[phone …78]",
    }


class Unprintable:
    def __str__(self):
        raise RuntimeError("5541999998888")


def test_a_value_that_cannot_be_shown_is_hidden():
    assert mask_value({"thing": Unprintable(), "n": 1}) == {"thing": "[hidden]", "n": 1}


def test_a_value_that_holds_itself_is_cut():
    value = {"name": "x"}
    value["self"] = value

    assert "[hidden]" in str(mask_value(value))


def test_a_long_text_is_cut_and_no_part_of_a_value_is_left_at_the_cut():
    for start in range(LIMIT - 20, LIMIT + 2):
        masked = mask("x" * start + " 5541999998888 " + "y" * 100)

        assert len(masked) <= LIMIT
        assert "5541" not in masked


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "9-",
        "@ ",
        "token=",
        '="\\',
        "41 9",
        "(at)a",
        "MTIz",
        "wamid.",
        "://a:",
        "tel ",
        "0 ",
        "+1 ",
        "A.",
        "Basic ",
    ],
)
def test_no_text_takes_long(piece):
    import time

    start = time.process_time()
    mask((piece * LIMIT)[:LIMIT])

    assert time.process_time() - start < 1


@pytest.mark.parametrize("line", ["cookie=b{}", "token=b{}", "senha: b{}"])
def test_no_letter_of_a_secret_is_left_that_begins_like_bytes(line):
    assert mask(line.format("anana-s3cr3t-value")) == line.format("").removesuffix("b") + "[secret]"
