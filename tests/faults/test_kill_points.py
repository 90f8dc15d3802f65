"""kill -9 at every named point, once; what customers got is counted at the stand-in for Meta."""

import random

import pytest

from tests import process_system
from tests.chaos.experiment import Experiment, schedule
from tests.chaos.kill_points import POINTS, Gone, Process, owner_of, places_of
from tests.chaos.supervised_system import SupervisedSystem
from tests.chaos.workload import Outside, Workload
from tests.fakes.meta import FakeMeta

SEED = 4
CROWD = 2


@pytest.mark.parametrize("place", sorted(set().union(*map(places_of, Process))))
def test_every_place_is_in_the_code(place):
    assert callable(owner_of(place)[2])


def test_a_place_that_is_gone_is_told():
    with pytest.raises(Gone, match="no_such_function"):
        owner_of("gatte.turns.process:no_such_function")


def test_names_of_points_are_unique():
    assert len({point.name for point in POINTS}) == len(POINTS)


@pytest.fixture
def experiment(tmp_path, database_url, redis_url):
    with FakeMeta(token="meta-token-of-the-tests") as meta:
        environment = process_system.settings(
            database_url,
            redis_url,
            WHATSAPP_ACCESS_TOKEN="meta-token-of-the-tests",
            WHATSAPP_API_BASE_URL=meta.url,
            GATTE_QUIET_SECONDS="0.2",
            GATTE_LEASE_SECONDS="5",
        )
        process_system.prepare(environment)
        system = SupervisedSystem(tmp_path, environment)
        workload = Workload(Outside(system.url, meta.url, database_url), SEED, CROWD)
        try:
            system.start()
            system.wait_until_ready()
            yield Experiment(system, workload)
        finally:
            system.stop()
            workload.close()


def test_a_process_killed_at_any_step_loses_nothing_and_answers_nothing_twice(experiment):
    for point in schedule(len(POINTS), random.Random(SEED)):
        experiment.inject(point)

    outcome = experiment.wait_for_steady_state(hurry=True)

    if not outcome.fine:
        pytest.fail(outcome.told())
    assert set(outcome.injections) == {point.name for point in POINTS}
