"""What must stay readable: a log that hides its numbers helps nobody."""

import pytest

from gatte.privacy.masking import mask, mask_value

ORDINARY = [
    "message_sent",
    "gatte.turns.apply",
    "STATE_WAITING_HUMAN",
    "pedido 12345678",
    "pedido 2026000123",
    "order 20261123-0001",
    "protocolo 2026112300012345",
    "NF-e 000.123.456",
    "chave 35261145997418000153550010000012341000012345",
    "R$ 199,90",
    "R$ 1.234.567,89",
    "US$ 12,345,678.90",
    "11.999.998.888,00",
    "0.0012345678",
    "0.4199998888123",
    "0.41999998888",
    "took 3.1415926535 s",
    "at 38407.41594473089",
    "28407.41988887777 s",
    "<Turn object at 0x7f40afa9c034>",
    "283-837-959-33",
    "2026-11-23",
    "23/11/2026 07:12:45",
    "2026-11-23T07:12:00Z",
    "2026-11-23T07:12:00.123456Z",
    "2026-11-23 07:12:00,123 INFO",
    "2026-11-23T07:12:00-03:00",
    "[23/Nov/2026:07:12:00 +0000]",
    "20261123071200",
    "20261123T071200Z",
    "1795412345",
    "1795412345123",
    "1795412345123456",
    "1795412345123456789",
    "1800000000",
    "timestamp=1732234455",
    '"timestamp": "1732234455"',
    "timestamp: 1820234455",
    "550e8400-e29b-41d4-a716-446655440000",
    "41333344-5541-4199-9998-554199998888",
    "d41d8cd98f00b204e9800998ecf8427e",
    "a4133334444b5541999998888c123456",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "6cea199",
    "<Turn object at 0x7f4133334444>",
    "v1.2.3",
    "python 3.11.7, gunicorn 27.0.1",
    "react@18.2.0",
    "Chrome/120.0.6099.129 Safari/537.36",
    "127.0.0.1:5432",
    "192.168.100.10",
    "200.147.100.53 - - GET /health/live",
    "2001:db8::8a2e:370:7334",
    "106540352242922",
    "phone_number_id=106540352242922",
    "/v23.0/106540352242922/messages",
    "CEP 80010-000",
    "ramal 4321",
    "período 2024-2025",
    "131047",
    "HTTP/1.1 200 OK",
    "200 5316",
    "SQLSTATE 40P01",
    "rq:job:turn:4711",
    "rq:worker:9f86d081884c7d659a2feaa0c55ad015",
    "http://localhost:5000/panel/?page=2",
    "http://127.0.0.1:8000/health/ready",
    "postgresql://gatte@localhost/gatte",
    "max_output_tokens=512 prompt_tokens: 1234",
    "fencing token=17",
    "token: none",
    "basic authentication is not offered",
    "the bearer token is missing",
    '@app.route("/webhook/whatsapp")',
    "GET /webhook/whatsapp?hub.mode=subscribe",
    "e-CNPJ A1 em 15/07/2026, às 14h30",
    "backups/20261123/071200",
    "messages/ab1234",
    "assets12/file1234",
    "100%",
    "cache hit 20% of 1000000",
    "0800 123 4567",
    'File "/app/gatte/turns/apply.py", line 123, in carry_out',
]


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_value_stays(text):
    assert mask(text) == text


@pytest.mark.parametrize(
    "value",
    [
        {"pid": 4711, "attempt": 2, "ok": True, "nothing": None, "share": 0.4199998888},
        {
            "duration_ns": 4133334444,
            "expires_at": 1732234455,
            "size": 4133334444,
            "lease_token": 12,
        },
        {"from": "STATE_MENU", "to": "STATE_ANSWERING"},
        {"amount": 199.9, "order": 20261234, "monotonic": 12345.678901234},
    ],
)
def test_ordinary_fields_stay(value):
    assert mask_value(value) == value


def test_different_people_can_be_told_apart_by_two_digits_only():
    assert mask("5541999998812") == "[phone …12]"
    assert mask("5541999998834") == "[phone …34]"
