import pytest
from rq.job import validate_job_id

from gatte.jobs.dispatcher import Due, job_id_of
from gatte.queue import JobName

NEEDS = [
    "turn-e294aac1ae9c1e9b-977",
    "deliver-01a207b1-2d2f-74cc-86bf-3755ffb73246-0-1795425381.695370",
    "watch-01a207b1-2d2f-74cc-86bf-3755ffb73246-1795425381.000001",
    "settle-4",
]


@pytest.mark.parametrize("need", NEEDS)
def test_rq_takes_the_id_of_every_need(need):
    validate_job_id(job_id_of(Due(JobName.DELIVER, ("a",), need, 0.0), 179542142))
