"""A certificate got and renewed from an authority that speaks ACME: certbot, the real nginx, and
Pebble, the authority that Let's Encrypt made for tests.
"""

import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from deployment.certificates import for_store
from devstack.local_state import free_port
from tests.integration.deployment.nginx_front import Front, reload, running_front, wait_for_port
from tests.process_system import until

DOMAIN = "atendimento.gatte.test"


def program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is missing: apt-get install pebble certbot"
    return found


@dataclass
class Authority:
    """A running Pebble, which finds every name on this machine."""

    folder: Path
    port: int

    @property
    def directory(self) -> str:
        return f"https://localhost:{self.port}/dir"


@pytest.fixture(scope="module")
def front(tmp_path_factory) -> Iterator[Front]:
    with running_front(tmp_path_factory.mktemp("nginx")) as front:
        yield front


@pytest.fixture(scope="module")
def authority(front, tmp_path_factory) -> Iterator[Authority]:
    folder = tmp_path_factory.mktemp("pebble")
    for_store(folder / "tls", "localhost", os.geteuid())
    port, management, names, names_api = (free_port() for _ in range(4))
    config = {
        "pebble": {
            "listenAddress": f"127.0.0.1:{port}",
            "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(folder / "tls" / "server.crt"),
            "privateKey": str(folder / "tls" / "server.key"),
            "httpPort": front.http,
            "tlsPort": front.https,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
        }
    }
    (folder / "pebble.json").write_text(json.dumps(config))
    resolver = [program("pebble-challtestsrv"), "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]
    resolver += ["-dns01", f"127.0.0.1:{names}", "-management", f"127.0.0.1:{names_api}"]
    resolver += ["-http01", "", "-https01", "", "-tlsalpn01", ""]
    server = [program("pebble"), "-config", str(folder / "pebble.json")]
    server += ["-dnsserver", f"127.0.0.1:{names}", "-strict"]
    quick = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    with (folder / "log").open("w") as log:
        started = [
            subprocess.Popen(command, env=quick, stdout=log, stderr=log)
            for command in (resolver, server)
        ]
    try:
        wait_for_port(port)
        yield Authority(folder, port)
    finally:
        for process in started:
            process.terminate()
            process.wait(10)


def certbot(front: Front, authority: Authority, *more: str) -> None:
    """What the service `certbot` of docker-compose.yml runs, and its copy into nginx's folder."""
    folder = authority.folder / "letsencrypt"
    places = [f"--{kind}-dir={folder / kind}" for kind in ("config", "work", "logs")]
    webroot = ["--webroot", "-w", str(front.configuration.parent / "acme"), "-d", DOMAIN]
    consent = ["--agree-tos", "--register-unsafely-without-email", "-n"]
    command = [program("certbot"), "certonly", *webroot, *consent, *places]
    done = subprocess.run(
        [*command, "--server", authority.directory, *more],
        env={**os.environ, "REQUESTS_CA_BUNDLE": str(authority.folder / "tls" / "ca.crt")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("fullchain.pem", "privkey.pem"):
        live = folder / "config" / "live" / DOMAIN / name
        shutil.copy(live, front.configuration.parent / "certificates" / "web" / name)


def served(front: Front) -> x509.Certificate:
    """The certificate that nginx shows."""
    return x509.load_pem_x509_certificate(
        ssl.get_server_certificate(("127.0.0.1", front.https)).encode()
    )


def names_of(certificate: x509.Certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return names.value.get_values_for_type(x509.DNSName)


def next_served(front: Front, before: x509.Certificate) -> x509.Certificate:
    """The certificate after a reload; processes with the former one still answer for a moment."""
    seen: list[x509.Certificate] = []

    def is_another() -> bool:
        seen.append(served(front))
        return seen[-1] != before

    assert until(is_another)
    return seen[-1]


def test_a_certificate_is_got_and_renewed_while_nginx_goes_on_serving(front, authority):
    own = served(front)
    certbot(front, authority, "--keep-until-expiring")
    reload(front)
    first = next_served(front, own)
    certbot(front, authority, "--force-renewal")
    reload(front)
    second = next_served(front, first)

    assert names_of(first) == names_of(second) == [DOMAIN]
    assert "Pebble" in first.issuer.rfc4514_string()
    with front.client() as client:
        assert client.get("/health/live").status_code == 200
