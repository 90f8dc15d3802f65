"""kill -9 at every named point, once; what customers got is counted at the stand-in for Meta."""

import random

import pytest

from tests import process_system
from tests.chaos.experiment import Storm, schedule
from tests.chaos.kill_points import POINTS, Gone, Process, owner_of, places
from tests.chaos.supervised_system import Doomed
from tests.chaos.workload import Outside, Town
from tests.fakes.meta import MetaStandIn

SEED = 4
CROWD = 2


@pytest.mark.parametrize("place", sorted(set().union(*map(places, Process))))
def test_every_place_is_in_the_code(place):
    assert callable(owner_of(place)[2])


def test_a_place_that_is_gone_is_told():
    with pytest.raises(Gone, match="no_such_function"):
        owner_of("gatte.turns.process:no_such_function")


def test_names_of_points_are_unique():
    assert len({point.name for point in POINTS}) == len(POINTS)


@pytest.fixture
def storm(tmp_path, database_url, redis_url):
    with MetaStandIn(token="meta-token-of-the-tests") as meta:
        environment = process_system.settings(
            database_url,
            redis_url,
            WHATSAPP_ACCESS_TOKEN="meta-token-of-the-tests",
            WHATSAPP_API_BASE_URL=meta.url,
            GATTE_QUIET_SECONDS="0.2",
            GATTE_LEASE_SECONDS="5",
        )
        process_system.prepare(environment)
        doomed = Doomed(tmp_path, environment)
        town = Town(Outside(doomed.url, meta.url, database_url), SEED, CROWD)
        try:
            doomed.start()
            doomed.wait_until_ready()
            yield Storm(doomed, town)
        finally:
            doomed.stop()
            town.close()


def test_a_process_killed_at_any_step_loses_nothing_and_answers_nothing_twice(storm):
    for point in schedule(len(POINTS), random.Random(SEED)):
        storm.strike(point)

    outcome = storm.calm(hurry=True)

    if not outcome.fine:
        pytest.fail(outcome.told())
    assert set(outcome.blows) == {point.name for point in POINTS}
