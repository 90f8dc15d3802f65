"""The running system: a contact is erased by command while its processes work, and what the clock
starts is run by a worker.
"""

from tests.process_system import until

DUE = """
    UPDATE scheduled_job SET next_run_at = clock_timestamp() WHERE name = 'apply_retention'
    RETURNING name
"""
RUN = "SELECT succeeded, result->'left' FROM scheduled_job WHERE name = 'apply_retention'"


def test_an_erased_customer_is_a_new_one_to_every_process(client):
    who = client.somebody()
    client.says(who, "quero comprar um e-CPF")
    assert len(client.waits_for_answers(who, 1)) == 1

    erased = client.system.command("contacts", "erase", "--phone", who.phone, "--yes")

    assert erased.returncode == 0, erased.stderr
    assert "Erased: entry 1 of the ledger" in erased.stdout
    left = "SELECT (SELECT count(*) FROM contact), (SELECT count(*) FROM message)"
    assert client.query(left) == [(0, 0)]
    client.says(who, "oi")
    assert "Como posso ajudar" in client.waits_for_answers(who, 2)[-1]
    assert client.query("SELECT count(*) FROM contact") == [(1,)]


def test_what_the_clock_starts_is_run_by_a_worker(client):
    assert until(lambda: client.query(RUN) == [(None, None)])
    client.query(DUE + "; COMMIT; SELECT 1")

    assert until(lambda: client.query(RUN) == [(True, {})]), client.system.log_tail()
