"""What stands in the files around the application must agree with it and with each other."""

import ast
import json
import os
import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from importlib.util import find_spec
from pathlib import Path

import pytest
from dotenv import dotenv_values
from packaging.requirements import Requirement

from deployment.generate_env import EXAMPLE
from gatte import MAX_BODY_BYTES
from gatte.settings import BadSettings, Settings, load_settings

PROJECT = Path(__file__).parents[2]
REQUIREMENTS = (
    "requirements",
    "requirements-embedded",
    "requirements-backup",
    "requirements-dev",
    "requirements-install",
)


def pinned(name: str) -> dict[str, str]:
    lines = (PROJECT / f"{name}.txt").read_text().splitlines()
    pins = [line.split(" ")[0].partition(";")[0].split("==") for line in lines if "==" in line]
    return {package.partition("[")[0]: version for package, version in pins}


def normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


@pytest.fixture(scope="module")
def compose() -> dict[str, dict]:
    """The services of docker-compose.yml, as Docker Compose itself reads it."""
    return read_compose()


def read_compose(*files: str) -> dict[str, dict]:
    """The services of docker-compose.yml, or of these files together."""
    environment = os.environ | {"GATTE_ENV_FILE": ".env.example"}
    command = [
        Path(sys.executable).with_name("docker-compose"),
        *files,
        "--profile",
        "*",
        "config",
        "--format",
        "json",
    ]
    read = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(read.stdout)["services"]


def test_the_example_names_every_setting_and_no_other():
    assert set(dotenv_values(EXAMPLE)) == {name.upper() for name in Settings.model_fields}


def test_the_example_gives_every_default_as_it_is(monkeypatch):
    written = {
        name: value
        for name, value in dotenv_values(EXAMPLE).items()
        if value and name != "GATTE_ENV"
    }
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}

    for name, value in written.items():
        assert type(defaults[name])(value) == defaults[name], name


def generate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, PROJECT / "deployment" / "generate_env.py", folder, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def read_installation(monkeypatch, folder: Path) -> Settings:
    """The settings of .env and of the files beside it, as all processes together read them."""
    monkeypatch.chdir(folder)
    for file in (folder / "secrets").iterdir():
        monkeypatch.setenv(f"{file.name.upper()}_FILE", str(file))
    return load_settings()


def test_a_fresh_env_file_and_its_secrets_are_good_for_production(monkeypatch, tmp_path):
    assert generate(tmp_path).returncode == 0
    settings = read_installation(monkeypatch, tmp_path)

    assert settings.production
    assert settings.database_role == "gatte_app"
    assert "gatte_migrator" in settings.migration_database_url
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_an_env_file_of_the_former_kind_is_parted_and_keeps_its_values(monkeypatch, tmp_path):
    key = "k9:3q2+7wAR8L0dPz5nWm9YhJ4sTtVbUcXkQeRgIoOpLqA="
    own = {"GATTE_ENCRYPTION_KEYS": key, "POSTGRES_PASSWORD": "kept", "GATTE_DOMAIN": "a.example"}
    example = EXAMPLE.read_text() + "POSTGRES_PASSWORD=\n"
    for name, value in own.items():
        example = re.sub(rf"^{name}=.*$", f"{name}={value}", example, flags=re.MULTILINE)
    (tmp_path / ".env").write_text(example)

    assert generate(tmp_path).returncode != 0
    assert generate(tmp_path, "--split").returncode == 0
    settings = read_installation(monkeypatch, tmp_path)

    assert settings.gatte_encryption_keys.get_secret_value() == key
    assert settings.gatte_domain == "a.example"
    assert "://gatte:kept@" in (tmp_path / "secrets" / "gatte_admin_database_url").read_text()
    assert "k9:" not in (tmp_path / ".env").read_text()
    assert generate(tmp_path, "--split").returncode != 0, "secrets that are there stay"
    assert (tmp_path / "secrets" / "postgres_password").read_text() == "kept"


def test_the_example_itself_is_not_good_for_production(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text(EXAMPLE.read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://gatte:x@db/gatte?sslmode=verify-full")

    with pytest.raises(BadSettings):
        load_settings()


@pytest.mark.parametrize("file", ["gunicorn.conf.py", "wsgi.py"])
def test_everything_that_a_start_file_imports_is_there(file):
    """No type checker reads these files, and some of their imports run late in a start."""
    nodes = ast.walk(ast.parse((PROJECT / file).read_text()))
    ours = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    wanted = [(node.module, one.name) for node in ours for one in node.names]

    assert wanted
    assert [f"{module}.{name}" for module, name in wanted if not is_importable(module, name)] == []


def is_importable(module: str, name: str) -> bool:
    if find_spec(module) is None:
        return False
    return hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None


def test_every_setting_is_read_by_something_that_runs():
    files = [
        *(PROJECT / "gatte").rglob("*.py"),
        *(PROJECT / "deployment").glob("*.py"),
        PROJECT / "gunicorn.conf.py",
    ]
    users = [ast.parse(file.read_text()) for file in files if file.name != "settings.py"]
    read = {name for tree in users for name in attributes_of("settings", tree)}

    own = ast.walk(ast.parse((PROJECT / "gatte" / "settings.py").read_text()))
    properties = {node.name: node for node in own if isinstance(node, ast.FunctionDef)}
    while used := read & set(properties):
        read |= {
            name
            for property_name in used
            for name in attributes_of("self", properties.pop(property_name))
        }

    assert set(Settings.model_fields) - read == set()


def attributes_of(owner: str, tree: ast.AST) -> set[str]:
    """The attributes that code reads of an expression with this word in it."""
    nodes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    ]
    return {node.attr for node in nodes if owner in ast.unparse(node.value)}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_direct_requirement_is_pinned_and_hashed(name):
    direct = {
        normal(line.strip())
        for line in (PROJECT / f"{name}.in").read_text().splitlines()
        if line and line[0] not in "#-"
    }
    text = (PROJECT / f"{name}.txt").read_text()

    assert direct <= {normal(package) for package in pinned(name)}
    assert len(re.findall(r"^\S+==\S+( ; .*)? \\\n    --hash=sha256:", text, re.MULTILINE)) == len(
        pinned(name)
    )
    assert "://" not in text


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_package_that_another_wants_with_extras_is_pinned_with_them(name):
    """Old pip (23.0, of Debian 12) refuses `a[b]>=1` of a package when only `a` is pinned."""
    text = (PROJECT / f"{name}.txt").read_text()
    wanted = [requirement for package in pinned(name) for requirement in wanted_by(package)]

    for package, extras in [(normal(one.name), one.extras) for one in wanted if one.extras]:
        line = re.search(rf"^{package}(\[(.*)\])?==", text, re.MULTILINE)
        assert line is None or extras <= set((line[2] or "").split(",")), f"{package}{extras}"


def wanted_by(package: str) -> list[Requirement]:
    """What an installed package needs here without an extra of its own."""
    try:
        needed = [Requirement(line) for line in requires(package) or []]
    except PackageNotFoundError:
        return []
    return [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]


def test_the_requirement_files_agree_on_every_version():
    seen: dict[str, str] = {}
    for name in REQUIREMENTS:
        for package, version in pinned(name).items():
            assert seen.setdefault(package, version) == version


def test_the_application_imports_only_what_production_installs():
    installed = {normal(package) for package in pinned("requirements")}
    ours = {"gatte", *sys.stdlib_module_names}
    distributions = packages_distributions()
    files = [
        *(PROJECT / "gatte").rglob("*.py"),
        *(PROJECT / "deployment").glob("*.py"),
        PROJECT / "gunicorn.conf.py",
    ]

    for file in files:
        for module in imported(file) - ours:
            assert {normal(name) for name in distributions.get(module, [module])} & installed, (
                f"{file}: {module}"
            )


def imported(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
    return {name.partition(".")[0] for name in plain | parts}


def test_everything_that_the_image_takes_is_there():
    taken = [
        line[1:]
        for line in (PROJECT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]

    assert [path for path in taken if not (PROJECT / path).exists()] == []


def test_compose_runs_the_processes_of_the_procfile(compose):
    procfile = dict(line.split(": ") for line in (PROJECT / "Procfile").read_text().splitlines())

    assert " ".join(compose["worker"]["command"]) == procfile["worker"]
    assert " ".join(compose["scheduler"]["command"]) == procfile["scheduler"]
    assert json.dumps(procfile["web"].split()) in (PROJECT / "Dockerfile").read_text()


def test_only_nginx_can_be_reached_from_outside(compose):
    assert [name for name, service in compose.items() if service.get("ports")] == ["nginx"]
    assert networks(compose["nginx"]) == {"public", "edge"}
    assert {name for name, service in compose.items() if "edge" in networks(service)} == {
        "nginx",
        "web",
    }


def networks(service: dict) -> set[str]:
    return set(service.get("networks") or {})


def test_only_workers_and_the_copier_of_the_log_have_a_way_out(compose):
    out = {"outside", "public"}

    assert {name for name, service in compose.items() if networks(service) & out} == {
        "worker",
        "backup",
        "nginx",
        "certbot",
    }


def test_with_a_bucket_web_has_a_way_out_too_and_nobody_else():
    files = ["-f", "docker-compose.yml", "-f", "deployment/docker-compose.bucket.yml"]
    both = read_compose(*files)

    assert {name for name, service in both.items() if "outside" in networks(service)} == {
        "web",
        "worker",
        "backup",
    }
    assert networks(both["web"]) == {"edge", "inside", "outside"}


HARDENED = ["web", "worker", "scheduler", "migrate", "roles", "backup", "db", "redis", "nginx"]


@pytest.mark.parametrize("name", [*HARDENED, "certificates"])
def test_no_container_can_write_to_its_root_file_system_or_gain_rights(compose, name):
    service = compose[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) >= {"cpus", "memory", "pids"}


def test_no_secret_stands_in_a_container_s_environment(compose):
    known = {"SECRET_KEY", "PASSWORD", "TOKEN", "DATABASE_URL", "REDIS_URL", "API_KEY"}
    spelled = [
        (name, variable)
        for name, service in compose.items()
        for variable, value in service.get("environment", {}).items()
        if value and any(variable.endswith(word) for word in known)
    ]

    assert spelled == []


@pytest.mark.parametrize("name", ["web", "worker", "scheduler"])
def test_processes_wait_for_the_migration_come_back_and_are_watched(compose, name):
    service = compose[name]

    assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert service["restart"] == "unless-stopped"
    assert service["environment"]["GATTE_TRUSTED_PROXIES"] == "1"
    assert service["environment"]["DATABASE_URL_FILE"] == "/run/secrets/database_url"
    assert not service.get("healthcheck", {}).get("disable")


def test_nginx_and_the_application_have_the_same_limit_for_the_webhook():
    place = (
        (PROJECT / "nginx.conf")
        .read_text()
        .partition("location = /webhook/whatsapp")[2]
        .partition("}\n\n")[0]
    )

    assert re.search(r"client_max_body_size (\d+)m;", place)[1] == str(
        MAX_BODY_BYTES // 1024 // 1024
    )


def test_http_2_is_switched_on_in_the_form_of_the_image_s_nginx(compose):
    version = re.search(r"nginx:(\d+)\.(\d+)", compose["nginx"]["image"])
    text = (PROJECT / "nginx.conf").read_text()

    assert (int(version[1]), int(version[2])) >= (1, 26), "`http2 on` came with 1.25.1"
    assert "http2 on;" in text
    assert not re.search(r"listen .*http2", text), "deprecated since 1.25.1"


def test_no_rule_of_access_stands_beside_a_return_which_would_answer_first():
    places = re.findall(r"location [^{]*\{([^{}]*)\}", (PROJECT / "nginx.conf").read_text())

    assert [
        place
        for place in places
        if re.search(r"^\s*return ", place, re.MULTILINE)
        and re.search(r"deny|allow|access/", place)
    ] == []
