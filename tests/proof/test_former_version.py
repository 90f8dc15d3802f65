"""The code of the former version, which `make proof ARGS=upgrade` runs, is in this repository."""

import pytest

from tests.proof import upgrade_under_load
from tests.proof.upgrade_under_load import NoHistory


def test_the_former_version_is_checked_out_whole(tmp_path):
    try:
        upgrade_under_load.check_out(tmp_path)
    except NoHistory as missing:
        pytest.skip(str(missing))

    newest = sorted(path.name for path in (tmp_path / "migrations/versions").glob("*.py"))[-1]
    assert newest == "0018_second_factor.py"
    assert (tmp_path / "gunicorn.conf.py").exists()


def test_without_that_commit_the_part_says_why_it_is_skipped(monkeypatch):
    monkeypatch.setattr(upgrade_under_load, "FORMER", "0" * 40)

    assert "fetch its whole history" in upgrade_under_load.run().figures["skipped"]
