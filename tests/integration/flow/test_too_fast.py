"""A contact beyond the limit, through the real processes: told once, by WhatsApp, and everything is
stored.
"""

from tests.process_system import never, until

TOO_FAST = "Recebi muitas mensagens de uma vez"
LIMIT = 20


def told(client, who):
    return sum(TOO_FAST in said for said in client.heard(who))


def test_who_writes_too_much_is_told_once_and_all_is_kept(client):
    who = client.somebody()
    for number in range(LIMIT):
        client.says(who, f"pergunta número {number}: quanto custa?")
    client.waits_for_answers(who, 1)
    for number in range(3):
        client.says(who, f"mais uma, {number}")

    assert until(lambda: told(client, who) == 1)
    assert never(lambda: told(client, who) > 1, 3)
    assert client.query(
        "SELECT count(*) FROM message WHERE skip_reason = 'rate_limited' AND turn_id IS NULL"
    ) == [(3,)]
    assert client.query("SELECT count(*) FROM inbox_message WHERE processed_at IS NULL") == [(0,)]
