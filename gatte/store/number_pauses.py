"""The table `number_pause`: numbers of the company from which nothing is sent for now.

Each verb but `end_pause` is a transaction of its own, so that all hosts know at once.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, text

from gatte.extensions import db
from gatte.models import NumberPause

START_SQL = text("""
    INSERT INTO number_pause AS p (phone_number_id, cause, error_code, probe_count, next_probe_at)
    VALUES (:number, :cause, :code, 1, clock_timestamp() + make_interval(secs => :first))
    ON CONFLICT (phone_number_id) DO UPDATE
        SET cause = excluded.cause, error_code = excluded.error_code
    RETURNING xmax = 0 AS fresh, extract(epoch FROM next_probe_at - clock_timestamp()) AS wait
""")
CLAIM_PROBE_SQL = text("""
    UPDATE number_pause SET
        probe_count = probe_count + 1,
        next_probe_at = clock_timestamp() + make_interval(secs => least(
            :first * 2.0 ^ least(probe_count, 20),
            CASE WHEN error_code IS NULL THEN :unreachable ELSE :longest END))
    WHERE phone_number_id = :number AND next_probe_at <= clock_timestamp()
    RETURNING probe_count
""")
WAIT_SQL = text("""
    SELECT error_code, extract(epoch FROM next_probe_at - clock_timestamp()) AS wait
    FROM number_pause
    WHERE phone_number_id = :number
""")


@dataclass(frozen=True)
class PauseLengths:
    """Seconds that pauses last: the first one, and the longest after a refusal of Meta and while
    Meta cannot be reached. Each is twice as long as the one before.
    """

    first: float
    longest: float
    longest_unreachable: float


@dataclass(frozen=True)
class PauseStart:
    """A pause that was started, or was there already, and the seconds until its end."""

    is_new: bool
    wait_seconds: float


@dataclass(frozen=True)
class ProbeClaim:
    """Whether one reply may be sent as the probe of a paused number; if not, the seconds until the
    next probe and the error of the pause, or nothing when there is no pause.
    """

    is_granted: bool
    wait_seconds: float | None = None
    error_code: int | None = None


def start_pause(
    phone_number_id: str, cause: str, error_code: int | None, first_seconds: float
) -> PauseStart:
    """Start a pause, or give the one there is a newer cause."""
    values = {
        "number": phone_number_id,
        "cause": cause,
        "code": error_code,
        "first": first_seconds,
    }
    with db.engine.begin() as connection:
        row = connection.execute(START_SQL, values).one()
    return PauseStart(row.fresh, float(row.wait))


def claim_probe(phone_number_id: str, lengths: PauseLengths) -> ProbeClaim:
    """Take the right to probe a number whose pause is over; the pause then goes on, longer, until
    the probe got through.
    """
    values = {
        "number": phone_number_id,
        "first": lengths.first,
        "longest": lengths.longest,
        "unreachable": lengths.longest_unreachable,
    }
    with db.engine.begin() as connection:
        if connection.execute(CLAIM_PROBE_SQL, values).first() is not None:
            return ProbeClaim(is_granted=True)
        row = connection.execute(WAIT_SQL, {"number": phone_number_id}).first()
    if row is None:
        return ProbeClaim(is_granted=False)
    return ProbeClaim(is_granted=False, wait_seconds=float(row.wait), error_code=row.error_code)


def list_paused() -> frozenset[str]:
    """The numbers that pause."""
    with db.engine.connect() as connection:
        return frozenset(connection.scalars(select(NumberPause.phone_number_id)))


def end_pause(phone_number_id: str) -> datetime | None:
    """End the pause of a number in the caller's transaction; since when it lasted, None when there
    was none.
    """
    ending = delete(NumberPause).where(NumberPause.phone_number_id == phone_number_id)
    return db.session.execute(ending.returning(NumberPause.paused_at)).scalar()
