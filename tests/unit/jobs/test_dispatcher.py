from itertools import pairwise

import pytest
from rq.job import validate_job_id

from gatte.infra.rq_queue import JobName, QueueName
from gatte.jobs import dispatcher
from gatte.jobs.dispatcher import JOBS_PER_BATCH, ROUND_ROBIN_SIZE, into_batches
from gatte.jobs.worker.job_batch import function_of
from gatte.observability import metrics
from gatte.store.due_work import DueWork


def due(job: JobName, number: int) -> DueWork:
    return DueWork(job, (str(number),), f"{job.name}-{number}", 0.0)


def test_rows_of_one_queue_travel_together_and_a_bundle_has_a_handful_at_most():
    rows = [due(JobName.PROCESS_INBOX, number) for number in range(JOBS_PER_BATCH + 1)] + [
        due(JobName.DELIVER, 1)
    ]

    sizes = sorted((bundle.queue, len(bundle.jobs)) for bundle, _ in into_batches(rows))

    assert sizes == [
        (QueueName.DELIVERY, 1),
        (QueueName.TURNS, JOBS_PER_BATCH // 2),
        (QueueName.TURNS, JOBS_PER_BATCH // 2 + 1),
    ]


def test_every_row_travels_once_and_the_longest_waiting_first():
    rows = [due(JobName.PROCESS_INBOX, number) for number in range(40)]
    carried = [dues for _, dues in into_batches(rows)]

    assert sorted((one for dues in carried for one in dues), key=rows.index) == rows
    assert max(len(dues) for dues in carried) == JOBS_PER_BATCH
    assert all(dues == sorted(dues, key=rows.index) for dues in carried)
    assert [{rows.index(one) // ROUND_ROBIN_SIZE for one in dues} for dues in carried] == [
        {0},
        {0},
        {1},
        {1},
        {2},
    ]


def test_rows_that_follow_each_other_go_to_different_workers():
    rows = [due(JobName.PROCESS_INBOX, number) for number in range(ROUND_ROBIN_SIZE)]
    where = [
        next(place for place, (_, dues) in enumerate(into_batches(rows)) if row in dues)
        for row in rows
    ]

    assert all(first != second for first, second in pairwise(where))


def test_rq_takes_the_id_of_a_bundle():
    [(bundle, _)] = into_batches([due(JobName.APPLY_STATUSES, 1)])

    validate_job_id(bundle.id)


@pytest.mark.parametrize("job", JobName)
def test_every_job_has_its_function(job):
    assert callable(function_of(job))


def test_the_oldest_row_is_told_by_the_name_of_its_queue():
    """Two jobs share the queue of maintenance: the older counts."""
    dispatcher._report_queue_age(
        [
            DueWork(JobName.FIRE_INACTIVITY_TIMER, (), "a", 7.0),
            DueWork(JobName.APPLY_STATUSES, (), "b", 9.0),
        ]
    )
    page = metrics.render()[0].decode()

    told = dict(
        line.rpartition(" ")[::2]
        for line in page.splitlines()
        if line.startswith("gatte_queue_oldest_seconds{")
    )
    assert told == {
        f'gatte_queue_oldest_seconds{{queue="{name}"}}': "9.0" if name == "maintenance" else "0.0"
        for name in QueueName
    }
