"""The queue: names of jobs and queues, and how they are put on one. The only module beside `jobs` that knows RQ.

Jobs travel in bundles: one RQ job carries a handful of them, because RQ's bookkeeping costs about as much as a turn's own work.
Postgres is the schedule: a bundle that is lost here is put again by the dispatcher, so putting one may fail without harm.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from itertools import groupby
from typing import NamedTuple, ParamSpec, cast

import structlog
from flask import Flask, current_app
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from gatte.observability import tracing

log = structlog.get_logger(__name__)
Arguments = ParamSpec("Arguments")

NO_TIME_LIMIT = -1  # every wait inside a job has a limit of its own; an exception thrown into a thread from outside is not safe
FAILED_BUNDLES_KEPT_SECONDS = 3600
DONE_BUNDLES_KEPT_SECONDS = 1  # to have RQ delete a job at once costs seven more round trips than to let it expire
BUNDLE = "gatte.jobs.bundle.run"


class QueueName(StrEnum):
    """The queues, most urgent first."""

    DELIVERY = "delivery"
    TURNS = "turns"
    MAINTENANCE = "maintenance"


class JobName(StrEnum):
    """Every job, by the place of its function."""

    TAKE_TURN = "gatte.jobs.turns.take_turn"
    RESUME_TURN = "gatte.jobs.turns.resume_turn"
    WATCH = "gatte.jobs.turns.watch_over"
    DELIVER = "gatte.jobs.delivery.deliver"
    SETTLE = "gatte.jobs.delivery.settle"


QUEUE_OF: dict[JobName, QueueName] = {
    JobName.TAKE_TURN: QueueName.TURNS,
    JobName.RESUME_TURN: QueueName.TURNS,
    JobName.WATCH: QueueName.MAINTENANCE,
    JobName.DELIVER: QueueName.DELIVERY,
    JobName.SETTLE: QueueName.MAINTENANCE,
}


def redis() -> "Redis":
    """The Redis client of the running application."""
    return cast("Redis", current_app.extensions["gatte_redis"])


def queue(name: QueueName, job_class: type[Job] = Job) -> Queue:
    """The RQ queue of that name, which reads jobs as `job_class`."""
    return Queue(
        name.value,
        connection=redis(),
        serializer=JSONSerializer,
        job_class=job_class,
        default_timeout=NO_TIME_LIMIT,
    )


class Part(NamedTuple):
    """A job with its arguments, as it travels in a bundle, and when it may start (seconds since 1970)."""

    job: JobName
    arguments: tuple[str, ...]
    start_at: float = 0.0


@dataclass(frozen=True)
class Bundle:
    """Jobs that travel as one RQ job of this id; each runs on a thread of its own, and none is stopped by another's failure."""

    id: str
    queue: QueueName
    parts: tuple[Part, ...]


def put(bundles: Iterable[Bundle]) -> None:
    """Put bundles on their queues in one round trip; RedisError when Redis is away."""
    with redis().pipeline() as pipeline:
        for name, some in groupby(sorted(bundles, key=lambda one: one.queue), key=lambda one: one.queue):
            queue(name).enqueue_many([_enqueued(bundle) for bundle in some], pipeline=pipeline)
        pipeline.execute()


def _enqueued(bundle: Bundle) -> EnqueueData:
    return Queue.prepare_data(
        BUNDLE,
        args=([(part.job.name, part.arguments, part.start_at) for part in bundle.parts],),
        job_id=bundle.id,
        result_ttl=DONE_BUNDLES_KEPT_SECONDS,
        failure_ttl=FAILED_BUNDLES_KEPT_SECONDS,
        description=f"{len(bundle.parts)} of {bundle.queue}",
    )


def waiting(name: QueueName) -> frozenset[str]:
    """The ids of the bundles that nobody has fetched yet; RedisError when Redis is away."""
    return frozenset(queue(name).get_job_ids())


class _Process:
    """The application that the jobs of this process run in."""

    app: Flask | None = None


def work_for(app: Flask) -> None:
    """Run the jobs of this process in this application."""
    _Process.app = app


def job(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """A job: runs in an application context of its own, with a fresh request id; an error is logged and raised."""

    @wraps(function)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> None:
        if _Process.app is None:
            raise RuntimeError("no application: call queue.work_for first")
        tracing.unbind_all()
        with _Process.app.app_context(), tracing.bound(request_id=tracing.new_request_id()):
            try:
                function(*arguments, **named)
            except Exception:
                log.exception("job_failed", job=function.__name__)
                raise

    return run


BEAT_SECONDS = 2
ALIVE_SECONDS = BEAT_SECONDS * 5


class Kind(StrEnum):
    """The kinds of processes that give signs of life."""

    WORKER = "worker"
    SCHEDULER = "scheduler"


def beat(kind: Kind, who: str) -> None:
    """Say that a process is alive, and forget those that were not for long; RedisError when nobody hears it."""
    now = _time_of(redis())
    with redis().pipeline() as pipeline:
        pipeline.zadd(_alive_key(kind), {who: now})
        pipeline.zremrangebyscore(_alive_key(kind), "-inf", f"({now - ALIVE_SECONDS}")
        pipeline.expire(_alive_key(kind), ALIVE_SECONDS)
        pipeline.execute()


def list_alive(kind: Kind, client: "Redis | None" = None) -> list[str]:
    """Who of a kind gave a sign of life lately, as `host:pid`; RedisError when nobody can know."""
    client = client or redis()
    found = client.zrangebyscore(_alive_key(kind), _time_of(client) - ALIVE_SECONDS, "+inf")
    return [who.decode() for who in cast("list[bytes]", found)]


def _alive_key(kind: Kind) -> str:
    return f"gatte:alive:{kind}"


def _time_of(client: "Redis") -> float:
    """The time of Redis in seconds: hosts whose clocks differ must agree on who is alive."""
    seconds, microseconds = client.time()
    return seconds + microseconds / 1_000_000
