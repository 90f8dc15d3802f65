from itertools import pairwise

import pytest
from rq.job import validate_job_id

from gatte.jobs import dispatcher
from gatte.jobs.bundle import function_of
from gatte.jobs.dispatcher import DEALT, ROWS_A_BUNDLE, bundled
from gatte.jobs.due import Due
from gatte.observability import metrics
from gatte.queue import JobName, QueueName


def due(job: JobName, number: int) -> Due:
    return Due(job, (str(number),), f"{job.name}-{number}", 0.0)


def test_rows_of_one_queue_travel_together_and_a_bundle_has_a_handful_at_most():
    rows = [due(JobName.TAKE_TURN, number) for number in range(ROWS_A_BUNDLE + 1)] + [due(JobName.DELIVER, 1)]

    sizes = sorted((bundle.queue, len(bundle.parts)) for bundle, _ in bundled(rows))

    assert sizes == [(QueueName.DELIVERY, 1), (QueueName.TURNS, ROWS_A_BUNDLE // 2), (QueueName.TURNS, ROWS_A_BUNDLE // 2 + 1)]


def test_every_row_travels_once_and_the_longest_waiting_first():
    rows = [due(JobName.TAKE_TURN, number) for number in range(40)]
    carried = [dues for _, dues in bundled(rows)]

    assert sorted((one for dues in carried for one in dues), key=rows.index) == rows
    assert max(len(dues) for dues in carried) == ROWS_A_BUNDLE
    assert all(dues == sorted(dues, key=rows.index) for dues in carried)
    assert [{rows.index(one) // DEALT for one in dues} for dues in carried] == [{0}, {0}, {1}, {1}, {2}]


def test_rows_that_follow_each_other_go_to_different_workers():
    rows = [due(JobName.TAKE_TURN, number) for number in range(DEALT)]
    where = [next(place for place, (_, dues) in enumerate(bundled(rows)) if row in dues) for row in rows]

    assert all(first != second for first, second in pairwise(where))


def test_rq_takes_the_id_of_a_bundle():
    [(bundle, _)] = bundled([due(JobName.SETTLE, 1)])

    validate_job_id(bundle.id)


@pytest.mark.parametrize("job", JobName)
def test_every_job_has_its_function(job):
    assert callable(function_of(job))


def test_the_oldest_row_is_told_by_the_name_of_its_queue():
    """Two jobs share the queue of maintenance: the older counts."""
    dispatcher._tell([Due(JobName.WATCH, (), "a", 7.0), Due(JobName.SETTLE, (), "b", 9.0)])
    page = metrics.render()[0].decode()

    told = dict(line.rpartition(" ")[::2] for line in page.splitlines() if line.startswith("gatte_queue_oldest_seconds{"))
    assert told == {f'gatte_queue_oldest_seconds{{queue="{name}"}}': "9.0" if name == "maintenance" else "0.0" for name in QueueName}
