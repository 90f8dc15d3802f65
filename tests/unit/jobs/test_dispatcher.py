import pytest
from rq.job import validate_job_id

from gatte.jobs.bundle import function_of
from gatte.jobs.dispatcher import ROWS_A_BUNDLE, bundled
from gatte.jobs.due import Due
from gatte.queue import JobName, QueueName


def due(job: JobName, number: int) -> Due:
    return Due(job, (str(number),), f"{job.name}-{number}", 0.0)


def test_rows_of_one_queue_travel_together_and_a_bundle_has_a_handful_at_most():
    rows = [due(JobName.TAKE_TURN, number) for number in range(ROWS_A_BUNDLE + 1)] + [due(JobName.DELIVER, 1)]

    sizes = sorted((bundle.queue, len(bundle.parts)) for bundle, _ in bundled(rows))

    assert sizes == [(QueueName.DELIVERY, 1), (QueueName.TURNS, 1), (QueueName.TURNS, ROWS_A_BUNDLE)]


def test_every_row_travels_once_and_the_longest_waiting_first():
    rows = [due(JobName.TAKE_TURN, number) for number in range(20)]

    assert [one for _, carried in bundled(rows) for one in carried] == rows


def test_rq_takes_the_id_of_a_bundle():
    [(bundle, _)] = bundled([due(JobName.SETTLE, 1)])

    validate_job_id(bundle.id)


@pytest.mark.parametrize("job", JobName)
def test_every_job_has_its_function(job):
    assert callable(function_of(job))
