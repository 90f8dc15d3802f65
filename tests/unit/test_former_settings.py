"""Settings under the names that they had before: read for one release more, with a warning."""

import json

import pytest

from gatte import create_app
from gatte.settings import FORMER_NAMES, BadSettings, Settings, load_settings, settings_or_exit

URL = "postgresql://gatte:hunter2@127.0.0.1:5432/gatte"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """No setting of this machine, and no .env, may reach a test."""
    monkeypatch.chdir(tmp_path)
    for name in [*Settings.model_fields, *FORMER_NAMES]:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", URL)


@pytest.fixture
def warnings(monkeypatch, capsys):
    """What the start of a process warns of: former name and name of today."""
    monkeypatch.setenv("GATTE_LOG_FORMAT", "json")

    def started() -> list[tuple[str, str]]:
        settings_or_exit.cache_clear()
        create_app(process="scheduler")
        settings_or_exit.cache_clear()
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [
            (line["former"], line["name"]) for line in lines if line["event"] == "setting_renamed"
        ]

    return started


def test_each_former_name_stands_for_a_setting_of_today():
    assert set(FORMER_NAMES.values()) <= set(Settings.model_fields)
    assert not set(FORMER_NAMES) & set(Settings.model_fields)


def test_a_former_name_in_the_environment_is_read(monkeypatch):
    monkeypatch.setenv("GATTE_WORKER_THREADS", "7")

    assert load_settings().gatte_worker_concurrency == 7


def test_a_former_name_in_the_file_is_read(tmp_path):
    (tmp_path / ".env").write_text("GATTE_COMPANY=Certifica Rio\n")

    assert load_settings().gatte_company_name == "Certifica Rio"


def test_the_environment_wins_over_the_file_for_former_names_too(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("GATTE_POOL_SIZE=3\n")
    monkeypatch.setenv("GATTE_POOL_SIZE", "4")

    assert load_settings().gatte_db_pool_size == 4


def test_where_both_are_given_the_name_of_today_counts(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("GATTE_HOLIDAYS_STATE=RJ\n")
    monkeypatch.setenv("GATTE_HOLIDAYS_OF", "MG")

    assert load_settings().gatte_holidays_state == "RJ"


def test_an_empty_former_name_counts_as_not_given(monkeypatch):
    monkeypatch.setenv("GATTE_POOL_SIZE", "")

    assert load_settings().gatte_db_pool_size == 10


def test_a_bad_value_under_a_former_name_is_a_problem(monkeypatch):
    monkeypatch.setenv("GATTE_CLOSE_SECONDS", "never")

    with pytest.raises(BadSettings) as caught:
        load_settings()

    assert [one.split(":")[0] for one in caught.value.problems] == [
        "GATTE_INACTIVITY_CLOSE_SECONDS"
    ]


def test_the_start_warns_of_a_former_name_and_names_that_of_today(monkeypatch, tmp_path, warnings):
    (tmp_path / ".env").write_text("GATTE_WARN_SECONDS=60\n")
    monkeypatch.setenv("GATTE_PAUSE_SECONDS", "5")

    assert set(warnings()) == {
        ("GATTE_WARN_SECONDS", "GATTE_AGENT_WARNING_SECONDS"),
        ("GATTE_PAUSE_SECONDS", "GATTE_NUMBER_PAUSE_SECONDS"),
    }


def test_the_start_warns_where_both_are_given(monkeypatch, warnings):
    monkeypatch.setenv("GATTE_PAUSE_SECONDS", "5")
    monkeypatch.setenv("GATTE_NUMBER_PAUSE_SECONDS", "6")

    assert warnings() == [("GATTE_PAUSE_SECONDS", "GATTE_NUMBER_PAUSE_SECONDS")]


def test_the_names_of_today_are_no_reason_to_warn(monkeypatch, warnings):
    monkeypatch.setenv("GATTE_NUMBER_PAUSE_SECONDS", "6")

    assert warnings() == []
