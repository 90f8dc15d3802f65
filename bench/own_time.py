"""Our own time in a turn: from the message's arrival to the turn's commit, less the quiet window
and Gemini.
"""

from bench.environment import BenchEnvironment, scalar
from bench.load_environment import GEMINI_MS, META_MS, QUIET_MS
from bench.report import ReportRow

TARGET_MS = 60
OF_OTHERS_SECONDS = (2 * GEMINI_MS + META_MS) / 1000  # in a turn of which nobody is sure
OWN_TIME = f"""
    SELECT percentile_cont({{}}) WITHIN GROUP (ORDER BY
        extract(epoch FROM t.created_at - m.received_at) * 1000 - {QUIET_MS}
        - (SELECT coalesce(sum(latency_ms), 0) FROM llm_call c WHERE c.turn_id = t.id))
    FROM turn t JOIN message m ON m.turn_id = t.id AND m.author = 'customer'
    WHERE m.received_at > to_timestamp({{}})
"""  # noqa: S608 - numbers
WHOLE_TIME = """
    SELECT percentile_cont({}) WITHIN GROUP (
        ORDER BY extract(epoch FROM o.accepted_at - m.received_at) * 1000)
    FROM outbox o JOIN message answer ON answer.id = o.id
    JOIN message m ON m.turn_id = answer.turn_id AND m.author = 'customer'
    WHERE m.received_at > to_timestamp({})
"""


def now(place: BenchEnvironment) -> float:
    """The database's clock."""
    return scalar(place, "SELECT extract(epoch FROM clock_timestamp())")


def row(place: BenchEnvironment, what: str, since: float, more: str) -> ReportRow:
    """The 95th percentile over all messages since then."""
    half, most = (scalar(place, OWN_TIME.format(share, since)) for share in (0.5, 0.95))
    whole = [scalar(place, WHOLE_TIME.format(share, since)) for share in (0.5, 0.95)]
    note = (
        f"p50 {half:.0f} ms, waiting in queues included; "
        f"to Meta's acceptance p50 {whole[0]:.0f}, p95 {whole[1]:.0f} ms; {more}"
    )
    return ReportRow(what, f"p95 < {TARGET_MS} ms", f"{most:.0f} ms", note, most < TARGET_MS)
