"""An installation as docker-compose.yml has it: each process with the secrets of its container and
no other, in files.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.fakes.meta import FakeMeta
from tests.process_system import APP_SECRET, BIN, MODELS, PROJECT, System

MOUNT = "/run/secrets/"
PROCESSES = ("web", "worker", "scheduler")
TOKEN = "meta-token-of-the-tests"
PASSWORDS = {"migrator": "5vQm-migrator", "application": "8wXc-application"}
DOMAIN = "painel.example"


def compose_services() -> dict[str, dict]:
    command = [Path(sys.executable).with_name("docker-compose"), "config", "--format", "json"]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, "GATTE_ENV_FILE": ".env.example"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)["services"]


class Installation:
    """The secrets of an installation in files, and what each service is given of them."""

    def __init__(self, folder: Path, superuser_url: str, redis_url: str, meta: FakeMeta) -> None:
        self.folder = folder
        self.services = compose_services()
        place = superuser_url.partition("@")[2]
        self.secrets = {
            "gatte_admin_database_url": superuser_url,
            "gatte_migration_database_url": f"postgresql://least_migrator:{PASSWORDS['migrator']}@{place}",
            "database_url": f"postgresql://least_app:{PASSWORDS['application']}@{place}",
            "gatte_backup_database_url": f"postgresql://least_backup:backup@{place}",
            "redis_url": redis_url,
            "secret_key": "pZ4vR8nKq2WxT7mYc1LdJ5sHf9BgE3uA-oQ6iXyN",
            "gatte_encryption_keys": "k1:9mZ+1wBS7K1ePy4mXl8ZgI5rUuWaVdYjRfShJpPqMrE=",
            "whatsapp_access_token": TOKEN,
            "whatsapp_app_secret": APP_SECRET,
            "whatsapp_verify_token": "verify-token-of-the-tests",
            "gemini_api_key": "",
        }
        self.plain = {
            "GATTE_ENV": "production",
            "GATTE_DOMAIN": DOMAIN,
            "GATTE_TRUSTED_PROXIES": "1",
            "GATTE_BUSINESS_HOURS": "sempre",
            "GATTE_QUIET_SECONDS": "0.2",
            "GATTE_WORKER_PROCESSES": "1",
            "WEB_CONCURRENCY": "1",
            "GATTE_DATA_DIR": str(MODELS),
            "WHATSAPP_API_BASE_URL": meta.url,
        }
        for name, value in self.secrets.items():
            (folder / name).write_text(value + "\n")

    def of(self, service: str) -> System:
        """A system whose environment has the files of a service."""
        given = self.services[service]
        mounted = {one["source"] for one in given["secrets"]}
        named = {
            name: value.removeprefix(MOUNT)
            for name, value in given["environment"].items()
            if str(value).startswith(MOUNT)
        }
        assert set(named.values()) == mounted
        files = {name: str(self.folder / secret) for name, secret in named.items()}
        return System(self.folder, {**self.plain, **files})

    def prepare(self) -> None:
        """Make roles and schema, by the services that do so."""
        roles = self.of("roles")
        made = subprocess.run(
            [str(BIN / "python"), "-m", "deployment.database_roles"],
            cwd=PROJECT,
            env=roles._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        migrated = self.of("migrate").command("migrate")
        assert migrated.returncode == 0, migrated.stderr
