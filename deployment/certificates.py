"""`python -m deployment.certificates FOLDER NAME`: the certificates that an installation cannot
start without.

In FOLDER/database and FOLDER/redis: an authority of this installation's own and the certificate of
its Postgres (host `db`) and of its Valkey (host `redis`). In FOLDER/web: a self-signed certificate
for NAME, so that nginx starts; put fullchain.pem and privkey.pem of a real authority there to
replace it. What is there already stays.
"""

import argparse
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

TEN_YEARS = timedelta(days=3650)
POSTGRES_USER_ID = 999  # who runs Postgres in the official images
VALKEY_USER_ID = 999  # who runs Valkey in its official image
Key = ec.EllipticCurvePrivateKey


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("name")
    given = arguments.parse_args()
    for_store(given.folder / "database", "db", POSTGRES_USER_ID)
    for_store(given.folder / "redis", "redis", VALKEY_USER_ID)
    for_web(given.folder / "web", given.name)


def for_store(folder: Path, host: str, user_id: int) -> None:
    """An authority (ca.crt) and a store's certificate and key, which only its user can read."""
    if (folder / "server.key").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    authority_key = _new_key()
    key = _new_key()
    authority = _certificate(
        f"GATTE {folder.name} authority", authority_key, issuer=None, issuer_key=authority_key
    )
    server = _certificate(host, key, issuer=authority, issuer_key=authority_key)
    _write(folder / "ca.crt", _pem(authority), 0o644)
    _write(folder / "server.crt", _pem(server), 0o644)
    _write(folder / "server.key", _key_pem(key), 0o600, user_id)


def for_web(folder: Path, name: str) -> None:
    """A self-signed certificate for the reverse proxy."""
    if (folder / "privkey.pem").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    key = _new_key()
    certificate = _certificate(name, key, issuer=None, issuer_key=key)
    _write(folder / "fullchain.pem", _pem(certificate), 0o644)
    _write(folder / "privkey.pem", _key_pem(key), 0o600)


def _new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def _certificate(
    name: str, key: Key, issuer: x509.Certificate | None, issuer_key: Key
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + TEN_YEARS)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))]), critical=False
        )
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, mode: int, owner: int | None = None) -> None:
    draft = path.with_suffix(".new")
    draft.touch(mode=mode)
    draft.write_bytes(content)
    if owner is not None and os.geteuid() == 0:
        os.chown(draft, owner, owner)
    draft.replace(path)


if __name__ == "__main__":
    main()
