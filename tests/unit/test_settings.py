import subprocess
import sys

import pytest

from gatte.settings import BadSettings, Environment, Settings, load_settings

URL = "postgresql://gatte:hunter2@127.0.0.1:5432/gatte"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """No setting of this machine, and no .env, may reach a test."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def problems() -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load_settings()
    return caught.value.problems


def test_a_missing_database_url_is_one_clear_line():
    assert problems() == ["DATABASE_URL: is required, and neither the environment nor .env has it"]


def test_all_problems_are_listed_at_once(monkeypatch):
    monkeypatch.setenv("GATTE_ENV", "production")
    monkeypatch.setenv("GATTE_QUIET_SECONDS", "soon")
    monkeypatch.setenv("GATTE_TIMEZONE", "Mars/Olympus")

    names = [problem.split(":")[0] for problem in problems()]

    assert names == [
        "DATABASE_URL",
        "SECRET_KEY",
        "GATTE_ENCRYPTION_KEYS",
        "GATTE_TIMEZONE",
        "GATTE_QUIET_SECONDS",
    ]


def test_no_problem_shows_a_secret(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://gatte:hunter2@db/gatte")
    monkeypatch.setenv("GATTE_ENCRYPTION_KEYS", "one:c2hvcnQ=")

    assert not any("hunter2" in problem or "c2hvcnQ" in problem for problem in problems())
    assert len(problems()) == 2


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text(
        f"DATABASE_URL={URL}\nGATTE_TIMEZONE=America/Manaus\nGATTE_LOG_LEVEL=DEBUG\n"
    )
    monkeypatch.setenv("GATTE_TIMEZONE", "America/Recife")

    settings = load_settings()

    assert (settings.gatte_timezone, settings.gatte_log_level) == ("America/Recife", "DEBUG")


def test_a_production_database_on_another_host_needs_tls(monkeypatch):
    monkeypatch.setenv("GATTE_ENV", "production")
    monkeypatch.setenv("DATABASE_URL", "postgresql://gatte:hunter2@db.example.com/gatte")

    assert any(problem.startswith("DATABASE_URL") and "TLS" in problem for problem in problems())


def test_development_makes_its_secrets_once(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", URL)

    first, second = load_settings(), load_settings()

    assert first.secret_key.get_secret_value() == second.secret_key.get_secret_value() != ""
    assert first.master_keys == second.master_keys
    assert oct((first.gatte_data_dir / "secret_key").stat().st_mode)[-3:] == "600"


def test_two_app_secrets_may_be_used_at_once(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("WHATSAPP_APP_SECRET", "old, new")

    assert load_settings().app_secrets == ("old", "new")


def test_a_settings_object_does_not_print_its_secrets(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", URL)

    assert "hunter2" not in repr(load_settings())


def test_a_process_without_settings_ends_with_78():
    code = "from gatte.settings import settings_or_exit; settings_or_exit()"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": sys.path[0] or "."},
    )

    assert ended.returncode == 78
    assert ended.stderr == (
        "gatte: bad setting: DATABASE_URL: is required, "
        "and neither the environment nor .env has it\n"
    )


def test_a_host_in_production_runs_a_worker_for_each_core_and_four_at_most(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(16)))
    assert load_settings().worker_processes == 1

    assert (
        load_settings().model_copy(update={"gatte_env": Environment.PRODUCTION}).worker_processes
        == 4
    )
    assert load_settings().model_copy(update={"gatte_worker_processes": 7}).worker_processes == 7


def test_vectors_by_gemini_need_its_key(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("GATTE_EMBEDDINGS", "gemini")

    assert problems() == ["GATTE_EMBEDDINGS: gemini needs GEMINI_API_KEY: set it, or choose local"]
