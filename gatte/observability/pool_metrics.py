"""How many connections of the database's pool a process may hold, and how many are in use."""

from sqlalchemy import event
from sqlalchemy.engine import Engine

from gatte.observability import metrics
from gatte.observability.metric_labels import PoolState


def watch(engine: Engine, limit: int) -> None:
    """Count the connections that leave the pool of an engine and come back, of `limit`, from the
    first one on.
    """
    allowed = metrics.DB_POOL_CONNECTIONS.labels(state=PoolState.LIMIT)
    # at each connection, for a process that was forked counts from nothing
    event.listen(engine, "connect", lambda *_: allowed.set(limit))
    in_use = metrics.DB_POOL_CONNECTIONS.labels(state=PoolState.IN_USE)
    event.listen(engine, "checkout", lambda *_: in_use.inc())
    for returning in ("checkin", "detach"):
        event.listen(engine, returning, lambda *_: in_use.dec())
