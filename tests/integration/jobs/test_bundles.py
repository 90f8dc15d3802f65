"""Bundles on their way through Redis: put, fetched, run side by side, each job with a failure of
its own.
"""

import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest

from gatte import services
from gatte.infra.rq_queue import (
    BatchedJob,
    JobBatch,
    JobName,
    QueueName,
    enqueue_batches,
    get_queue,
    queued_ids,
)
from gatte.jobs.worker import job_batch
from gatte.jobs.worker.runner import JobRunner
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody
from tests.process_system import until

NOBODY = "01a207b1-2d2f-74cc-86bf-3755ffb73246"
NONSENSE = BatchedJob(JobName.FIRE_INACTIVITY_TIMER, ("no-uuid",))
HARMLESS = BatchedJob(JobName.DELIVER, (NOBODY,))


@pytest.fixture
def in_context(app) -> Iterator[None]:
    with app.app_context():
        services.redis().flushdb()
        yield


@pytest.fixture
def pool(app, in_context) -> Iterator[JobRunner]:
    """A worker in this process."""
    made = JobRunner(app, 4)
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join(20)


def put_bundle(*parts: BatchedJob, name: QueueName = QueueName.MAINTENANCE) -> str:
    made = JobBatch(uuid4().hex, name, parts)
    enqueue_batches([made])
    return made.id


def failed() -> list[str]:
    return get_queue(QueueName.MAINTENANCE).failed_job_registry.get_job_ids(cleanup=False)


def finished() -> list[str]:
    return get_queue(QueueName.MAINTENANCE).finished_job_registry.get_job_ids(cleanup=False)


def test_a_bundle_waits_until_it_is_fetched(in_context):
    put_bundle(HARMLESS, HARMLESS, name=QueueName.DELIVERY)
    one = put_bundle(HARMLESS)

    assert queued_ids(QueueName.MAINTENANCE) == {one}


def test_a_part_that_fails_stops_no_other(app):
    customer = somebody(app)
    wamid = customer.delivers(payloads.text("oi"))

    with pytest.raises(ExceptionGroup) as raised:
        job_batch.run_batch(
            [
                ("FIRE_INACTIVITY_TIMER", ["no id"], 0),
                ("NO_JOB", [], 0),
                ("PROCESS_INBOX", customer.due(), 0),
            ]
        )

    assert [type(error) for error in raised.value.exceptions] == [ValueError, KeyError]
    with app.app_context():
        assert customer.turn(wamid)


def test_rq_knows_which_bundles_were_done_and_which_failed(pool):
    good, bad, alone = (
        put_bundle(HARMLESS, HARMLESS),
        put_bundle(HARMLESS, NONSENSE),
        put_bundle(NONSENSE),
    )

    assert until(lambda: finished() == [good] and sorted(failed()) == sorted([bad, alone]))
    assert not queued_ids(QueueName.MAINTENANCE)


def test_many_bundles_run_through_few_threads(pool):
    ids = [put_bundle(*[HARMLESS] * 8) for _ in range(20)]

    assert until(lambda: sorted(finished()) == sorted(ids))
