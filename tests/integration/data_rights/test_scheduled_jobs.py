"""Jobs that the clock starts: each once, however many schedulers there are; observable; by hand."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gatte import services
from gatte.extensions import db
from gatte.infra.rq_queue import JobName
from gatte.jobs import cron
from gatte.models import ScheduledJob
from gatte.store import scheduled_jobs
from gatte.store.due_work import fetch_due_work
from tests.store_fixtures import execute

NAME = "count_daily_figures"


@pytest.fixture
def job(app):
    with app.app_context():
        cron.sync()
        scheduled_jobs.make_due(NAME)
        db.session.commit()
    return NAME


def row(app) -> ScheduledJob:
    with app.app_context():
        return db.session.get_one(ScheduledJob, NAME)


def due(app) -> list[tuple[str, ...]]:
    with app.app_context(), db.engine.connect() as connection:
        found = fetch_due_work(connection, services.settings())
    return [one.arguments for one in found if one.job is JobName.RUN_SCHEDULED_JOB]


def test_the_dispatcher_finds_it_and_after_its_run_finds_it_no_more(app, job):
    assert (job,) in due(app)

    with app.app_context():
        assert cron.run(job)

    assert (job,) not in due(app)
    ran = row(app)
    assert (ran.succeeded, ran.error, ran.lease_expires_at) == (True, None, None)
    assert ran.next_run_at > datetime.now(UTC)
    assert ran.next_run_at.minute == 10
    assert "days" in ran.result


def test_two_workers_at_once_run_it_once(app, job):
    ran = []

    def work():
        with app.app_context():
            ran.append(cron.run(job))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ran) == [False, False, False, True]


def test_one_whose_worker_died_is_due_again_when_its_lease_has_run_out(app, job):
    with app.app_context():
        assert scheduled_jobs.claim(job, 600, only_if_due=True)
        db.session.commit()
    assert (job,) not in due(app)
    with app.app_context():
        db.session.execute(
            text("UPDATE scheduled_job SET lease_expires_at = now() - interval '1 s'")
        )
        db.session.commit()

    assert (job,) in due(app)


def test_one_that_fails_says_why_and_runs_again_at_its_time(app, job, database_url):
    execute(database_url, "ALTER TABLE daily_figure RENAME TO elsewhere")
    try:
        with app.app_context(), pytest.raises(Exception, match="daily_figure"):
            cron.run(job)
    finally:
        execute(database_url, "ALTER TABLE elsewhere RENAME TO daily_figure")

    failed = row(app)
    assert failed.succeeded is False
    assert "ProgrammingError" in failed.error
    assert failed.next_run_at > datetime.now(UTC)


def test_a_changed_expression_moves_the_next_run_and_an_unknown_job_goes(app, job):
    with app.app_context():
        scheduled_jobs.sync("of a former version", "* * * * *", datetime.now(UTC))
        db.session.execute(text("UPDATE scheduled_job SET cron = '1 1 1 1 *'"))
        db.session.commit()
        cron.sync()
        assert db.session.get(ScheduledJob, "of a former version") is None
        assert {one.cron for one in scheduled_jobs.list_all()} == {one.cron for one in cron.ENTRIES}


def test_times_are_the_companys(app):
    with app.app_context():
        noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
        found = cron.next_run("40 2 * * *", noon)  # São Paulo is three hours behind UTC
    assert found == datetime(2026, 11, 28, 5, 40, tzinfo=UTC)
    assert found - noon < timedelta(days=1)


def test_they_are_listed_and_run_by_hand(app):
    runner = app.test_cli_runner()

    listed = runner.invoke(args=["cron", "list"])
    ran = runner.invoke(args=["cron", "run", "replay_erasures"])
    unknown = runner.invoke(args=["cron", "run", "nothing"])

    assert all(f"\n{name} " in f"\n{listed.output}" for name in cron.BY_NAME)
    assert ran.exit_code == 0
    assert "{'replayed': 0}" in runner.invoke(args=["cron", "list"]).output
    assert unknown.exit_code == 1
    assert "there is none" in unknown.output
