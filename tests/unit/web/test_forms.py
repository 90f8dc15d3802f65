"""What people type into the panel's forms has the line breaks that WhatsApp expects."""

import pytest
from flask import Flask, request

from gatte.web import form_parser


@pytest.fixture
def client():
    app = Flask("forms")
    form_parser.init_app(app)
    app.post("/")(lambda: {"texts": request.form.getlist("texto"), "file": _file()})
    return app.test_client()


def _file() -> str:
    sent = request.files.get("arquivo")
    return sent.read().decode() if sent else ""


@pytest.mark.parametrize(
    "typed", ["um\r\ndois\r\n\r\nquatro", "um\ndois\n\nquatro", "um\rdois\r\rquatro"]
)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_every_line_of_a_form_s_text_ends_with_a_plain_line_break(client, typed, kind):
    answer = client.post("/", data={"texto": [typed, "\r\n"]}, content_type=kind)

    assert answer.json["texts"] == ["um\ndois\n\nquatro", "\n"]


def test_a_file_is_left_as_it_is(client):
    from io import BytesIO

    answer = client.post("/", data={"texto": "a\r\nb", "arquivo": (BytesIO(b"a\r\nb"), "a.txt")})

    assert answer.json == {"texts": ["a\nb"], "file": "a\r\nb"}
