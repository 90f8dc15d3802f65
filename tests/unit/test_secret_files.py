import subprocess
import sys

import pytest

from gatte.settings import BadSettings, Settings, load_settings, secret_names

URL = "postgresql://gatte:hunter2@127.0.0.1:5432/gatte"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """No setting of this machine, and no .env, may reach a test."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)


def problems() -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load_settings()
    return caught.value.problems


def test_every_secret_may_stand_in_a_file(monkeypatch, tmp_path):
    values = {
        "database_url": URL,
        "gatte_migration_database_url": URL.replace("gatte:", "owner:"),
        "gatte_backup_database_url": URL.replace("gatte:", "backup:"),
        "sentry_dsn": "https://key@errors.example.com/42",
        "otel_exporter_otlp_headers": "Authorization=Bearer abc",
        "redis_url": "redis://:word@127.0.0.1:6379/0",
        "gatte_encryption_keys": "k1:3q2+7wAR8L0dPz5nWm9YhJ4sTtVbUcXkQeRgIoOpLqA=",
    }
    for name in secret_names(Settings):
        path = tmp_path / name
        path.write_text(values.get(name, f"value-of-{name}") + "\n")
        monkeypatch.setenv(f"{name.upper()}_FILE", str(path))

    settings = load_settings()

    assert settings.secret_key.get_secret_value() == "value-of-secret_key"
    assert settings.migration_database_url.endswith("//owner:hunter2@127.0.0.1:5432/gatte")
    assert settings.database_role == "gatte"
    assert all(getattr(settings, name).get_secret_value() for name in secret_names(Settings))


def test_a_file_is_named_in_dot_env_too(tmp_path):
    (tmp_path / "key").write_text("from-a-file")
    (tmp_path / ".env").write_text(f"DATABASE_URL={URL}\nSECRET_KEY_FILE={tmp_path}/key\n")

    assert load_settings().secret_key.get_secret_value() == "from-a-file"


@pytest.mark.parametrize("empty", ["", "\n"])
def test_an_empty_file_is_as_good_as_no_setting(monkeypatch, tmp_path, empty):
    (tmp_path / "token").write_text(empty)
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("WHATSAPP_ACCESS_TOKEN_FILE", str(tmp_path / "token"))

    assert load_settings().whatsapp_access_token.get_secret_value() == ""


def test_an_empty_setting_beside_a_file_is_none(monkeypatch, tmp_path):
    (tmp_path / "url").write_text(URL)
    (tmp_path / ".env").write_text("DATABASE_URL=\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))

    assert load_settings().database_role == "gatte"


def test_what_is_wrong_with_files_is_told_with_all_other_problems(monkeypatch, tmp_path):
    (tmp_path / "both").write_text(URL)
    (tmp_path / "binary").write_bytes(b"\xff\xfe hunter2")
    (tmp_path / "long").write_text("hunter2" * 10_000)
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "both"))
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "binary"))
    monkeypatch.setenv("WHATSAPP_APP_SECRET_FILE", str(tmp_path / "long"))
    monkeypatch.setenv("GEMINI_API_KEY_FILE", str(tmp_path))
    monkeypatch.setenv("GATTE_QUIET_SECONDS", "soon")

    told = dict(line.split(": ", 1) for line in problems())

    assert told["DATABASE_URL"] == "is given itself and by DATABASE_URL_FILE: leave out one of them"
    assert told["REDIS_URL"].endswith("missing cannot be read (No such file or directory)")
    assert told["SECRET_KEY"].endswith("binary cannot be read (not a text in UTF-8)")
    assert told["WHATSAPP_APP_SECRET"].endswith("long cannot be read (too long for a secret)")
    assert told["GEMINI_API_KEY"].endswith("cannot be read (Is a directory)")
    assert "GATTE_QUIET_SECONDS" in told
    assert "hunter2" not in str(told)


def test_a_process_ends_with_78_and_a_line(tmp_path):
    code = "from gatte.settings import settings_or_exit; settings_or_exit()"
    environment = {"DATABASE_URL": URL, "DATABASE_URL_FILE": "/dev/null"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "PYTHONPATH": ":".join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 78
    (line,) = done.stderr.splitlines()
    assert line.startswith("gatte: bad setting: DATABASE_URL: is given itself and by DATABASE_URL_")
