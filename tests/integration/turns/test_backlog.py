"""A worker that starts while many wait: more turns at once than connections, and no key is known
yet.
"""

from concurrent.futures import ThreadPoolExecutor

from gatte.jobs.definitions import process_inbox
from gatte.jobs.job_context import set_job_app
from tests.app_fixture import application
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

MANY = 30


def test_a_new_process_answers_everybody_who_waits_at_once(app, database_url, redis_url):
    waiting = [somebody(app) for _ in range(MANY)]
    for customer in waiting:
        customer.delivers(payloads.text("oi"))
    due = [customer.due() for customer in waiting]

    with application(database_url, redis_url) as started, ThreadPoolExecutor(MANY) as turns:
        assert started.extensions["gatte_settings"].gatte_db_pool_size < MANY
        list(turns.map(lambda one: process_inbox(*one), due))
    set_job_app(app)

    assert [len(customer.heard()) for customer in waiting] == [1] * MANY
