import socket
import ssl
import threading
from pathlib import Path

import pytest

from deployment.certificates import for_store, for_web


def handshake(folder: Path, name: str) -> str:
    """Connect with the authority's certificate, as sslmode=verify-full does; the TLS version agreed
    on.
    """
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "server.crt", folder / "server.key")
    client = ssl.create_default_context(cafile=folder / "ca.crt")
    ours, theirs = socket.socketpair()
    threading.Thread(target=accept, args=(server, theirs), daemon=True).start()
    with client.wrap_socket(ours, server_hostname=name) as connection:
        return str(connection.version())


def accept(context: ssl.SSLContext, end: socket.socket) -> None:
    with end:
        try:
            context.wrap_socket(end, server_side=True).close()
        except (ssl.SSLError, OSError):
            return


def test_the_database_proves_its_name_to_those_who_know_the_authority(tmp_path):
    for_store(tmp_path, "db", 999)

    assert handshake(tmp_path, "db") == "TLSv1.3"


def test_another_name_is_not_proven(tmp_path):
    for_store(tmp_path, "db", 999)

    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, "elsewhere")


def test_the_keys_are_readable_by_their_owner_alone(tmp_path):
    for_store(tmp_path / "database", "db", 999)
    for_web(tmp_path / "web", "gatte.example")

    assert {
        path.stat().st_mode & 0o777
        for path in (tmp_path / "database" / "server.key", tmp_path / "web" / "privkey.pem")
    } == {0o600}


def test_certificates_that_are_there_stay(tmp_path):
    (tmp_path / "privkey.pem").write_text("a real one")
    for_web(tmp_path, "gatte.example")

    assert [path.name for path in tmp_path.iterdir()] == ["privkey.pem"]
