"""What must be true after a load: nothing lost, nothing twice, nothing left undone. It knows the
tables of this version.
"""

import time

import httpx

from bench.environment import scalar
from bench.load_environment import LoadEnvironment, comes_to_nothing
from bench.report import must_equal

UNDONE = """
    SELECT (SELECT count(*) FROM inbox_message WHERE processed_at IS NULL)
        + (SELECT count(*) FROM message WHERE author IN ('customer', 'phone') AND turn_id IS NULL)
        + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'uncertain'))
"""
UNANSWERED = """
    SELECT count(*) FROM message m WHERE m.author = 'customer' AND NOT EXISTS (
        SELECT FROM message a JOIN outbox o USING (id)
        WHERE a.turn_id = m.turn_id AND o.accepted_at IS NOT NULL)
"""
# A turn that had to be taken again on a busy machine may find that all is said; each message has
# its answer all the same.
MORE_THAN_ONE_ANSWER = """
    SELECT count(*) FROM turn t
    WHERE (SELECT count(*) FROM message a WHERE a.turn_id = t.id AND a.author = 'bot') > 1
"""


def drain(ground: LoadEnvironment) -> float:
    """Wait until everything is answered; the seconds it took."""
    begun = time.perf_counter()
    if not comes_to_nothing(lambda: scalar(ground.place, UNDONE), 0.5):
        left = scalar(ground.place, UNDONE)
        raise TimeoutError(f"{left:.0f} rows undone\n{ground.started.log_tail()}")
    return time.perf_counter() - begun


def check(ground: LoadEnvironment, wrote: int) -> None:
    """Everything acknowledged is stored; every customer got one answer at the stand-in for Meta,
    and nothing twice.
    """
    place, wrote = ground.place, wrote + ground.strangers
    said = httpx.get(f"{ground.meta}/__control/summary", timeout=60).json()
    read = "SELECT count(*) FROM message WHERE author = 'customer'"
    must_equal("messages stored", wrote, scalar(place, "SELECT count(*) FROM inbox_message"))
    must_equal("messages read by a turn", wrote, scalar(place, read))
    must_equal("messages without an answer", 0, scalar(place, UNANSWERED))
    must_equal("turns with more than one answer", 0, scalar(place, MORE_THAN_ONE_ANSWER))
    must_equal("answers at Meta", scalar(place, "SELECT count(*) FROM outbox"), said["accepted"])
    must_equal("answers that came twice", 0, len(said["twice"]))
