"""`python3 deployment/generate_env.py`: the settings and secrets of a new installation with docker
compose. Needs Python alone, no package.

Writes .env (the example as it is, without a secret) and a file for each secret into secrets/, which
compose mounts into those containers that need it. With `--split` an .env that has secrets in it, as
former versions wrote it, is parted in the same way; its values are kept. Nothing that is there is
overwritten: secrets/ must be empty or missing.
"""

import argparse
import base64
import os
import re
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / ".env.example"
TLS_TO_POSTGRES = "sslmode=verify-full&sslrootcert=/certificates/database/ca.crt"
# The containers' user is none of the host's, so that each file must be readable by all; the folder
# is closed to everybody but its owner.
FOLDER_MODE, FILE_MODE, ENV_MODE = 0o700, 0o644, 0o600
RANDOM: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "GATTE_ENCRYPTION_KEYS": lambda: "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "WHATSAPP_VERIFY_TOKEN": lambda: secrets.token_urlsafe(24),
    "POSTGRES_PASSWORD": lambda: secrets.token_urlsafe(24),
    "REDIS_PASSWORD": lambda: secrets.token_urlsafe(24),
}
FROM_OUTSIDE = ("WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "GEMINI_API_KEY")
ROLES = {
    "GATTE_MIGRATION_DATABASE_URL": "gatte_migrator",
    "DATABASE_URL": "gatte_app",
    "GATTE_BACKUP_DATABASE_URL": "gatte_backup",
}
KEPT_IN_FILES = (*RANDOM, *FROM_OUTSIDE, *ROLES, "REDIS_URL")
LINE = re.compile(r"^(\w+)=(.*)$", re.MULTILINE)


def secret_values(given: dict[str, str]) -> dict[str, str]:
    """Every secret by its setting's name: those that are given, and fresh ones for the others;
    empty where only Meta or Google can give one.
    """
    values = {name: given.get(name) or make() for name, make in RANDOM.items()}
    values |= {name: given.get(name, "") for name in FROM_OUTSIDE}
    admin_password = values["POSTGRES_PASSWORD"]
    values["GATTE_ADMIN_DATABASE_URL"] = _postgres_url("gatte", admin_password)
    for name, role in ROLES.items():
        values[name] = given.get(name) or _postgres_url(role, secrets.token_urlsafe(24))
    in_compose = (
        f"rediss://:{values['REDIS_PASSWORD']}@redis:6379/0?ssl_ca_certs=/certificates/redis/ca.crt"
    )
    values["REDIS_URL"] = given.get("REDIS_URL") or in_compose
    return values


def _postgres_url(role: str, password: str) -> str:
    return f"postgresql://{role}:{password}@db:5432/gatte?{TLS_TO_POSTGRES}"


def secrets_in(env: str) -> dict[str, str]:
    """The secrets that stand in the text of an .env file."""
    lines = {name: value.strip().strip("\"'") for name, value in LINE.findall(env)}
    return {name: value for name, value in lines.items() if name in KEPT_IN_FILES and value}


def without_secrets(env: str) -> str:
    """The text of an .env file in which no secret has a value."""
    return LINE.sub(lambda line: f"{line[1]}=" if line[1] in KEPT_IN_FILES else line[0], env)


def write_secrets(folder: Path, values: dict[str, str]) -> None:
    """A file for each secret, named by its setting in small letters; FileExistsError when there are
    secrets already.
    """
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder}/ has secrets already")
    for name, value in values.items():
        _write(folder / name.lower(), value, FILE_MODE)


def _write(path: Path, text: str, mode: int) -> None:
    """Replace a file in one step."""
    draft = path.with_name(f"{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.chmod(mode)
    draft.replace(path)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path, nargs="?", default=Path.cwd())
    arguments.add_argument("--split", action="store_true", help="part the .env that is there")
    given = arguments.parse_args()
    env = given.folder / ".env"
    if env.exists() != given.split:
        problem = "there is no .env to part" if given.split else ".env is there already: --split"
        sys.stderr.write(f"{problem}\n")
        return os.EX_USAGE
    text = (env if given.split else EXAMPLE).read_text(encoding="utf-8")
    try:
        write_secrets(given.folder / "secrets", secret_values(secrets_in(text)))
    except FileExistsError as problem:
        sys.stderr.write(f"{problem}\n")
        return os.EX_USAGE
    _write(env, without_secrets(text), ENV_MODE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
