"""`python -m tests.tls_grade`: what testssl.sh says of the project's nginx.conf, on loopback.

Takes some two minutes. Exit code 1 when it finds anything of LOW or worse that is not expected
here: findings that the test's own certificate and place cause are listed with their reason.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.integration.deployment.nginx_front import running_front

GRAVE = {"LOW", "MEDIUM", "HIGH", "CRITICAL"}
EXPECTED = {
    "cert_trust": "the certificate names localhost, and the scan asks 127.0.0.1",
    "cert_chain_of_trust": "self-signed, as nginx starts with",
    "cert_validityPeriod": "the self-signed certificate lasts ten years; a real one ninety days",
    "cert_revocation": "no authority, no list of revoked certificates",
    "DNS_CAArecord": "127.0.0.1 has no DNS; the operator's domain should have one",
    "cipher_order": "all suites are strong, and a client picks the one that its device does best",
    "security_headers": "they come from the application, and the scan has a stand-in behind nginx",
}


def findings(folder: Path) -> list[dict[str, str]]:
    """All that testssl.sh finds of a fresh nginx."""
    program = shutil.which("testssl")
    if program is None:
        raise SystemExit("testssl is missing: apt-get install testssl.sh")
    report = folder / "report.json"
    with running_front(folder / "nginx") as front:
        target = f"https://127.0.0.1:{front.https}/panel/login"
        options = ["--quiet", "--warnings", "off", "--color", "0", "--jsonfile", str(report)]
        subprocess.run(
            [program, *options, target], stdout=subprocess.DEVNULL, timeout=900, check=False
        )
    found: list[dict[str, str]] = json.loads(report.read_text())
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "nginx").mkdir()
        found = findings(Path(name))
    grave = [one for one in found if one["severity"] in GRAVE]
    unexpected = [one for one in grave if one["id"].split(" ")[0] not in EXPECTED]
    for one in grave:
        mark = "UNEXPECTED" if one in unexpected else "expected  "
        sys.stdout.write(f"{mark} {one['severity']:8} {one['id']}: {one['finding']}\n")
    sys.stdout.write(f"{len(found)} findings, {len(unexpected)} unexpected of LOW or worse\n")
    return 1 if unexpected or len(found) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
