"""`python3 deployment/generate_env.py > .env`: the example with fresh secrets. Needs Python alone,
no package.
"""

import base64
import re
import secrets
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / ".env.example"
MADE = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "GATTE_ENCRYPTION_KEYS": lambda: "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "WHATSAPP_VERIFY_TOKEN": lambda: secrets.token_urlsafe(24),
    "POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(24),
    "REDIS_PASSWORD": lambda: secrets.token_urlsafe(24),
}


def generate_env(example: str) -> str:
    """The example in which every secret that we can make ourselves has a value."""
    return re.sub(
        r"^(\w+)=$",
        lambda line: f"{line[1]}={MADE[line[1]]()}" if line[1] in MADE else line[0],
        example,
        flags=re.MULTILINE,
    )


if __name__ == "__main__":
    sys.stdout.write(generate_env(EXAMPLE.read_text()))
