"""Files of customers over real HTTP, from the stand-in for Meta."""

import hashlib
import json
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from gatte.conversation.nlu import MessageKind
from gatte.whatsapp.client import CloudTimeouts
from gatte.whatsapp.media import (
    LARGEST,
    DownloadFailed,
    DownloadFailureReason,
    MediaClient,
    matches_sha256,
)
from tests.fakes.meta import FakeMeta
from tests.fakes.meta_media import in_base64
from tests.process_system import least_seconds

NUMBER, TOKEN, VOICE = "106540352242922", "test-token", b"OggS the voice of Ana"
QUICK = CloudTimeouts(connect=0.5, read=0.4, pool=0.4, total=1.0)


@pytest.fixture
def meta():
    with FakeMeta(TOKEN) as fake_meta:
        yield fake_meta


@pytest.fixture
def connect():
    made = []

    def to(url, token=TOKEN):
        made.append(MediaClient(url, "v25.0", token, QUICK))
        return made[-1]

    yield to
    for client in made:
        client.close()


@pytest.fixture
def client(meta, connect):
    return connect(meta.url)


def failure_of(client, media_id, most=1000, sha256=None):
    with pytest.raises(DownloadFailed) as failed:
        client.download(NUMBER, media_id, most, sha256)
    return failed.value.why


def test_a_file_comes_with_its_type(meta, client):
    file = client.download(NUMBER, meta.graph.media.keep(VOICE, "audio/ogg"), 1000)

    assert (file.content, file.mime_type) == (VOICE, "audio/ogg")
    assert meta.graph.media.asked[0]["phone_number_id"] == NUMBER


@pytest.mark.parametrize(
    "written", [in_base64(VOICE), in_base64(VOICE).rstrip("="), hashlib.sha256(VOICE).hexdigest()]
)
def test_the_digest_of_the_webhook_is_checked_in_each_way_of_writing_it(meta, client, written):
    assert client.download(NUMBER, meta.graph.media.keep(VOICE), 1000, written).content == VOICE
    assert not matches_sha256(VOICE + b"!", written)


def test_another_file_than_the_webhook_told_of_is_not_taken(meta, client):
    assert (
        failure_of(client, meta.graph.media.keep(VOICE), sha256=in_base64(b"other"))
        is DownloadFailureReason.ALTERED
    )


def test_a_file_that_differs_from_metas_own_digest_is_not_taken(meta, client):
    assert (
        failure_of(client, meta.graph.media.keep(VOICE, sha256=in_base64(b"other")))
        is DownloadFailureReason.ALTERED
    )


def test_an_address_that_ran_out_is_asked_for_again_once(meta, client):
    media_id = meta.graph.media.keep(VOICE, gone=1)

    assert client.download(NUMBER, media_id, 1000).content == VOICE
    assert len(meta.graph.media.asked) == 2


def test_an_address_that_runs_out_again_is_given_up(meta, client):
    assert failure_of(client, meta.graph.media.keep(VOICE, gone=5)) is DownloadFailureReason.GONE
    assert (len(meta.graph.media.asked), len(meta.graph.media.fetched)) == (2, 2)


def test_a_file_that_meta_does_not_keep_any_more_is_gone(client):
    assert failure_of(client, "999999999999999") is DownloadFailureReason.GONE


def test_a_file_larger_than_allowed_is_not_even_fetched(meta, client):
    assert (
        failure_of(client, meta.graph.media.keep(VOICE), most=len(VOICE) - 1)
        is DownloadFailureReason.TOO_LARGE
    )
    assert meta.graph.media.fetched == []


def test_a_file_larger_than_it_claims_to_be_is_left(meta, client):
    assert (
        failure_of(client, meta.graph.media.keep(VOICE * 100, size=3))
        is DownloadFailureReason.TOO_LARGE
    )


def test_a_file_that_tells_no_size_is_left_when_it_grows_too_large(connect):
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_pour, args=(server,), daemon=True).start()

        assert (
            failure_of(connect(f"http://127.0.0.1:{server.getsockname()[1]}"), "1")
            is DownloadFailureReason.TOO_LARGE
        )


def _pour(server):
    """Say where the file is, then give pieces of it while anybody listens (2 MB at most)."""
    line, _ = server.accept()
    with line, suppress(OSError):
        line.recv(4096)
        facts = json.dumps({"url": f"http://127.0.0.1:{server.getsockname()[1]}/file"}).encode()
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(facts), facts))
        line.recv(4096)
        line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(2000):
            line.sendall(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
        line.sendall(b"0\r\n\r\n")


def test_a_file_of_exactly_the_allowed_size_is_taken(meta, client):
    assert client.download(NUMBER, meta.graph.media.keep(VOICE), len(VOICE)).content == VOICE


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/media-file/1",
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://lookaside.fbsbx.com@127.0.0.1:{port}/x",
        "https://evil.example/lookaside.fbsbx.com",
        "ftp://lookaside.fbsbx.com/x",
        "http://localhost/x",
    ],
)
def test_the_token_goes_to_no_other_host(meta, client, address):
    with FakeMeta(None) as stranger:
        url = address.format(port=stranger.port)
        assert (
            failure_of(client, meta.graph.media.keep(VOICE, url=url))
            is DownloadFailureReason.FOREIGN_HOST
        )
        assert (stranger.graph.media.fetched, stranger.graph.refused) == ([], [])


def test_an_address_with_a_name_and_password_in_it_is_not_followed(meta, client):
    url = f"http://ana:secret@127.0.0.1:{meta.port}/media-file/1"

    assert (
        failure_of(client, meta.graph.media.keep(VOICE, url=url))
        is DownloadFailureReason.FOREIGN_HOST
    )


def test_a_redirect_is_not_followed(meta, client):
    with FakeMeta(None) as stranger:
        there = f"{stranger.url}/media-file/{stranger.graph.media.keep(VOICE)}"
        assert (
            failure_of(client, meta.graph.media.keep(VOICE, status=302, location=there))
            is DownloadFailureReason.REFUSED
        )
        assert (stranger.graph.media.fetched, stranger.graph.refused) == ([], [])


def test_metas_own_host_for_files_may_have_the_token(connect):
    client = connect("https://graph.facebook.com")

    assert client._may_have_token(urlsplit("https://lookaside.fbsbx.com/whatsapp_business/"))
    assert client._may_have_token(urlsplit("https://lookaside.fbsbx.com:443/whatsapp_business/"))
    assert not client._may_have_token(urlsplit("https://a@lookaside.fbsbx.com/"))
    assert not client._may_have_token(urlsplit("http://lookaside.fbsbx.com/"))


@pytest.mark.parametrize("address", ["", "not an address", "http://[", "/media-file/1"])
def test_an_address_that_is_none_is_a_failure(meta, client, address):
    media_id = meta.graph.media.keep(VOICE)
    meta.graph.media.files[media_id].url = address or " "

    assert failure_of(client, media_id) in {
        DownloadFailureReason.UNREADABLE,
        DownloadFailureReason.FOREIGN_HOST,
    }


@pytest.mark.parametrize("media_id", ["", "../me", "1/2", "1?fields=x", "a b"])
def test_an_id_that_is_none_is_not_asked_for(meta, client, media_id):
    assert failure_of(client, media_id) is DownloadFailureReason.UNREADABLE
    assert meta.graph.media.asked == []


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (302, DownloadFailureReason.REFUSED),
        (403, DownloadFailureReason.REFUSED),
        (410, DownloadFailureReason.GONE),
        (429, DownloadFailureReason.AWAY),
        (500, DownloadFailureReason.AWAY),
    ],
)
def test_what_the_host_says_is_told_apart(meta, client, status, why):
    assert failure_of(client, meta.graph.media.keep(VOICE, status=status)) is why
    assert len(meta.graph.media.fetched) == 1, "no second try: Meta blocks those who ask in vain"


def test_a_wrong_token_is_refused_and_never_shown(meta, connect):
    client = connect(meta.url, "segredo-que-nao-aparece")

    assert failure_of(client, meta.graph.media.keep(VOICE)) is DownloadFailureReason.REFUSED
    assert "segredo" not in repr(client)


def test_a_cut_connection_is_a_failure(meta, client):
    assert failure_of(client, meta.graph.media.keep(VOICE, cut=True)) is DownloadFailureReason.AWAY


def test_a_dripping_file_is_left_in_time(meta, client):
    def fails() -> None:
        assert (
            failure_of(client, meta.graph.media.keep(VOICE * 10, drip=True))
            is DownloadFailureReason.AWAY
        )

    assert least_seconds(3, fails) < 3


def test_nobody_listening_is_a_failure(connect):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert failure_of(connect(f"http://127.0.0.1:{port}"), "1") is DownloadFailureReason.AWAY


def test_the_limits_are_whatsapps():
    assert {kind.value: size for kind, size in LARGEST.items()} == {
        "audio": 16_777_216,
        "document": 104_857_600,
        "image": 5_242_880,
        "sticker": 512_000,
        "video": 16_777_216,
    }
    assert MessageKind.TEXT not in LARGEST
