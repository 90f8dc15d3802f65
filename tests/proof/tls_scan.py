"""What testssl.sh says of the project's nginx.conf before the real application in production, on
loopback. Findings of LOW or worse are told unless the place of the scan causes them.
"""

import json
import secrets
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

from tests.integration.deployment import nginx_front
from tests.process_system import until
from tests.proof.proof_system import Outcome, ProofSystem, proof_system
from tests.proof.rotation_under_load import master_key
from tests.proof.webhook_fuzz import alive

GRAVE = {"LOW", "MEDIUM", "HIGH", "CRITICAL"}
FEWEST = 50
"""A scan of fewer findings, good ones among them, did not scan."""
PATIENCE_SECONDS = 1800
EXPECTED = {
    "cert_chain_of_trust": "self-signed, as nginx starts with until certbot has been",
    "cert_validityPeriod": "the self-signed certificate lasts ten years; a real one ninety days",
    "cert_revocation": "no authority, no list of revoked certificates",
    "DNS_CAArecord": "localhost has no DNS; the operator's domain should have such a record",
    "cipher_order": "all suites are strong, and a client picks the one that its device does best",
}
"""What is expected of a scan here, with the reason."""


def run() -> Outcome:
    """A scan of some two minutes; skipped, with the reason, where a program is missing."""
    outcome = Outcome()
    missing = [name for name in ("nginx", "testssl") if shutil.which(name) is None]
    if missing:
        outcome.figures["skipped"] = f"apt-get install {' '.join(missing)} (testssl.sh)"
        return outcome
    with proof_system(
        GATTE_ENV="production",
        GATTE_DOMAIN="localhost",
        GATTE_TRUSTED_PROXIES="1",
        GATTE_ENCRYPTION_KEYS=master_key("scan"),
        SECRET_KEY=secrets.token_urlsafe(48),
        WHATSAPP_APP_SECRET=secrets.token_hex(16),
        WHATSAPP_VERIFY_TOKEN=secrets.token_hex(16),
        WEB_CONCURRENCY="1",
    ) as proof:
        proof.system.start("web")
        if not until(lambda: alive(proof), 60):
            raise TimeoutError(proof.system.log_tail())
        _tell(_findings(proof), outcome)
    return outcome


def _findings(proof: ProofSystem) -> list[dict[str, str]]:
    """All that testssl.sh finds of a fresh nginx before the web process."""
    folder = proof.folder / "nginx"
    folder.mkdir()
    front = nginx_front.Front(folder, SimpleNamespace(server_port=proof.system.port))
    command = [nginx_front.NGINX, "-p", folder, "-c", front.configuration, "-g", "daemon off;"]
    nginx = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        nginx_front.wait_for_port(front.https)
        return _scan(front.https, folder / "report.json")
    finally:
        nginx.terminate()
        nginx.wait(10)


def _scan(port: int, report: Path) -> list[dict[str, str]]:
    options = ["--quiet", "--warnings", "off", "--color", "0", "--ip", "127.0.0.1"]
    target = f"https://localhost:{port}/panel/login"
    subprocess.run(
        ["testssl", *options, "--jsonfile", str(report), target],
        stdout=subprocess.DEVNULL,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    found: list[dict[str, str]] = json.loads(report.read_text())
    return found


def _tell(found: list[dict[str, str]], outcome: Outcome) -> None:
    grave = [one for one in found if one["severity"] in GRAVE]
    expected = [one for one in grave if _name(one) in EXPECTED]
    for one in grave:
        if one not in expected:
            outcome.fail("testssl.sh", f"{one['severity']} {one['id']}: {one['finding']}")
    if len(found) < FEWEST:
        outcome.fail("testssl.sh did not scan", f"{len(found)} findings")
    outcome.figures["findings of testssl.sh, of LOW or worse, of these not expected"] = (
        f"{len(found)}, {len(grave)}, {len(grave) - len(expected)}"
    )
    for one in expected:
        what = f"expected: {one['severity']} {one['id']} ({one['finding'].strip('- ') or 'none'})"
        outcome.figures[what] = EXPECTED[_name(one)]


def _name(found: dict[str, str]) -> str:
    return found["id"].split(" ")[0]
