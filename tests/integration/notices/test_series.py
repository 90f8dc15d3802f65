from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from gatte.extensions import db
from tests.integration.notices.many_certificates import (
    ZONE,
    add_certificates,
    ends_over_a_year,
    expected,
    moments,
    run_at,
    run_year,
)

COUNT = 400


def queued():
    """The steps that were queued, by certificate; and how many reminders each message is of."""
    rows = db.session.execute(
        text("SELECT certificate_id, days_before, outbox_id FROM certificate_reminder")
    ).all()
    steps = defaultdict(list)
    for certificate_id, days_before, _ in rows:
        steps[certificate_id].append(days_before)
    return steps, Counter(outbox_id for _, _, outbox_id in rows)


def test_over_a_year_with_stops_and_a_clock_change_each_reminder_is_queued_once(context):
    ends = ends_over_a_year(COUNT)
    ids = add_certificates(ends)

    in_all = run_year()

    ran = {now.date() for now in moments()}
    steps, messages = queued()
    for certificate_id, end in zip(ids, ends, strict=True):
        assert sorted(steps[certificate_id]) == sorted(expected(end, ran)), end
    assert set(messages.values()) == {1}
    assert None not in messages
    assert in_all == len(messages) == db.session.scalar(text("SELECT count(*) FROM outbox"))


def test_runs_that_meet_queue_each_reminder_once(app):
    now = datetime(2018, 5, 10, 9, tzinfo=ZONE)
    with app.app_context():
        ids = add_certificates([now.date() + timedelta(days=7)] * 300)

    def run(_):
        with app.app_context():
            return run_at(now)

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(run, range(4)))
    with app.app_context():
        steps, messages = queued()

    assert sum(counts) == len(ids) == len(messages)
    assert all(steps[one] == [7] for one in ids)


@pytest.mark.parametrize(
    ("left", "step"), [(30, 30), (29, 30), (15, 15), (8, 15), (3, 3), (0, 0), (-1, -1), (-7, -1)]
)
def test_after_a_stand_still_only_the_nearest_reminder_goes_out(context, left, step):
    today = date(2018, 5, 10)
    ids = add_certificates([today + timedelta(days=left)])

    run_at(datetime(2018, 5, 10, 9, tzinfo=ZONE))

    assert queued()[0][ids[0]] == [step]


@pytest.mark.parametrize("left", [31, -8])
def test_nobody_is_reminded_long_before_or_long_after(context, left):
    add_certificates([date(2018, 5, 10) + timedelta(days=left)])

    assert run_at(datetime(2018, 5, 10, 9, tzinfo=ZONE)) == 0
