"""A person with a row in every table is erased: who has every key of today, and knows the person,
finds nothing of them in any table, in Redis or in a file.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from gatte import services
from gatte.data_rights import erasure, retention
from gatte.extensions import db
from gatte.jobs import cron
from gatte.media import orphans
from gatte.models import IdempotentRequest, WebhookDelivery
from gatte.store import certificate_imports, daily_figures, erasures
from tests.app_fixture import application
from tests.integration.data_rights.planted_person import PlantedPerson
from tests.integration.data_rights.test_erasure_ledger import CHECK, dumped, restored, start
from tests.integration.data_rights.traces import found_in_rows, found_in_sealed

DAYS = date(2020, 1, 1), date(2100, 1, 1)

BARE = {"inbox_message", "media_orphan"}
"""Where the bare hashes of Meta's ids stay until the redelivery horizon, and the ids of files for
some minutes.
"""
LISTED = "audit_entry"
"""Where ids of rows that are gone stay: what a program listed, beside those of others."""


@pytest.fixture(scope="module")
def app(database_url, redis_url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    files = {
        "gatte_erasure_ledger": str(folder / "erasures.jsonl"),
        "gatte_media_dir": str(folder / "media"),
    }
    with application(database_url, redis_url, **files) as made:
        yield made


@pytest.fixture(scope="module")
def erased(app, database_url, tmp_path_factory):
    """What could be found of a person before the erasure, and then the erasure."""
    person = PlantedPerson(app)
    person.planted = person.tables()
    traces = person.traces()
    person.dump = tmp_path_factory.mktemp("dump") / "before.dump"
    dumped(database_url, person.dump)
    person.found = found_in_rows(database_url, traces), found_in_sealed(app, traces)
    with app.app_context():
        done = erasure.erase(person.contact_id)
        db.session.commit()
        erasure.clear_caches(done)
        for _ in orphans.remove_orphans():
            db.session.commit()
    return person, traces


def test_every_table_of_a_contact_has_a_row_of_the_person(erased):
    person, _ = erased
    tables = {table.name for table in erasures.tables_of_contact()}

    assert tables - person.planted.keys() == set()


def test_before_the_erasure_the_search_finds_the_person_everywhere(erased):
    person, _ = erased
    rows, sealed = person.found

    assert {"audit_entry", "webhook_delivery", "idempotent_request"} <= {table for table, _ in rows}
    assert {place.split(".")[0] for place, _ in sealed} >= {
        "appointment",
        "certificate",
        "certificate_import",
        "consent",
        "contact",
        "contact_memory",
        "idempotent_request",
        "inbox_message",
        "lead",
        "media_file",
        "message",
        "ticket",
        "ticket_note",
        "training_example",
        "unanswered_question",
    }


def test_at_once_only_bare_hashes_of_metas_ids_are_left(app, erased, database_url):
    _, traces = erased
    found = found_in_rows(database_url, traces)

    assert {table for table, _ in found} <= BARE | {LISTED}
    assert {trace for table, trace in found if table == LISTED} <= traces.ids
    assert found_in_sealed(app, traces) == set()


def test_nothing_is_left_in_redis_or_a_file(app, erased):
    _, traces = erased
    needles = traces.plain | traces.ids | traces.hashes
    with app.app_context():
        redis = services.redis()
        keys = [key.decode(errors="replace") for key in redis.scan_iter("*")]
        media = Path(services.settings().gatte_media_dir)
        files = [path for path in media.rglob("*") if path.is_file()]
    assert [key for key in keys if any(needle in key for needle in needles)] == []
    assert [path for path in files if any(needle in path.name for needle in needles)] == []


def test_after_the_horizon_nothing_is_left_in_any_table(app, erased, database_url):
    _, traces = erased
    pass_time(app, days=8)

    found = found_in_rows(database_url, traces)
    assert {table for table, _ in found} <= {LISTED}
    assert {trace for table, trace in found if table == LISTED} <= traces.ids
    assert found_in_sealed(app, traces) == set()


def test_a_dump_of_before_is_erased_again_before_anything_serves(
    app, erased, database_url, redis_url
):
    person, traces = erased
    with app.app_context():
        ledger = services.settings().erasure_ledger
        db.session.remove()
        db.engine.dispose()
    restored(person.dump, database_url)
    assert found_in_sealed(app, traces)

    started = start(database_url, redis_url, ledger, CHECK)

    assert "1 erasures were carried out again" in started.stdout, started.stderr
    found = found_in_rows(database_url, traces)
    assert {table for table, _ in found} <= BARE | {LISTED}
    assert found_in_sealed(app, traces) == set()


def test_when_its_time_is_over_nothing_names_the_person_and_no_figure_changes(app, database_url):
    person = PlantedPerson(app)
    traces = person.traces()
    with app.app_context():
        cron.count_daily_figures()
        figures = daily_figures.list_figures(*DAYS)
        db.session.execute(text("UPDATE ticket SET state = 'solved'"))
        db.session.execute(text("UPDATE inbox_message SET processed_at = now()"))
        db.session.commit()

    pass_time(app, days=2)
    assert count(app, IdempotentRequest) == 0
    assert count(app, WebhookDelivery) > 0
    pass_time(app, days=91)
    assert count(app, WebhookDelivery) == 0
    pass_time(app, days=4000)
    with app.app_context():
        certificate_imports.delete_unfinished()
        db.session.commit()

    found = found_in_rows(database_url, traces)
    assert found == set()
    assert found_in_sealed(app, traces) == set()
    with app.app_context():
        assert daily_figures.list_figures(*DAYS) == figures


def count(app, model):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model))


def pass_time(app, days):
    """Let retention, and what removes files, run as of so many days from now."""
    with app.app_context():
        for _ in retention.remove_expired(datetime.now(UTC) + timedelta(days=days)):
            db.session.commit()
        db.session.execute(text("UPDATE media_orphan SET deleted_at = now() - interval '1 day'"))
        for _ in orphans.remove_orphans():
            db.session.commit()
