"""The certificate of our own domain is looked at over real TLS."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from deployment.certificates import for_web
from gatte.operations import own_certificate
from tests.app_fixture import application
from tests.process_system import free_port


@pytest.fixture
def tls_port(tmp_path):
    """A server that shows a certificate which no authority signed."""
    for_web(tmp_path, "bot.empresa.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "fullchain.pem", tmp_path / "privkey.pem")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=serve, args=(listening, context), daemon=True).start()
        yield listening.getsockname()[1]


def serve(listening, context):
    """Shake hands with whoever comes, until the server is closed."""
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        try:
            context.wrap_socket(connection, server_side=True).close()
        except (ssl.SSLError, OSError):
            connection.close()


@pytest.fixture
def look(database_url, redis_url):
    def at(**settings):
        with application(database_url, redis_url, **settings) as made, made.app_context():
            return own_certificate.check()

    return at


def test_end_and_trust_of_the_certificate_are_found(tls_port, look):
    address = f"127.0.0.1:{tls_port}"

    result = look(gatte_domain="bot.empresa.example", gatte_certificate_address=address)

    expiry = own_certificate.expiry_of(result)
    assert expiry is not None
    assert expiry - datetime.now(UTC) > timedelta(days=3000)
    assert (result["trusted"], result["address"]) == (False, address)


def test_what_cannot_be_looked_at_is_no_failure_of_the_job(look):
    nobody = f"127.0.0.1:{free_port()}"

    assert look(gatte_certificate_address=nobody)["unreachable"] == "ConnectionRefusedError"
    assert "localhost" in look()["skipped"]
