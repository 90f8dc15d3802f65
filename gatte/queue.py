"""The queue: names of jobs and queues, and how a job is put on one. The only module beside `jobs` that knows RQ.

Postgres is the schedule: a job that is lost here is put again by the dispatcher, so putting one may fail without harm.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, cast

import structlog
from flask import Flask, current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from gatte.observability import tracing

log = structlog.get_logger(__name__)
Arguments = ParamSpec("Arguments")

NO_TIME_LIMIT = -1  # every wait inside a job has a limit of its own; an exception thrown into a thread from outside is not safe
FAILED_JOBS_KEPT_SECONDS = 3600


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


def queue(name: QueueName) -> Queue:
    """The RQ queue of that name."""
    return Queue(name.value, connection=redis(), serializer=JSONSerializer, default_timeout=NO_TIME_LIMIT)


def put(job: JobName, *arguments: str, job_id: str) -> bool:
    """Put a job on its queue unless one with that id is there; False when it was there, or Redis is away."""
    try:
        queue(QUEUE_OF[job]).enqueue_call(
            job.value,
            args=arguments,
            job_id=job_id,
            unique=True,
            result_ttl=0,
            failure_ttl=FAILED_JOBS_KEPT_SECONDS,
            description=job.name.lower(),
        )
    except DuplicateJobError:
        return False
    except RedisError as error:
        log.warning("queue_away", error=type(error).__name__)
        return False
    return True


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


def beat_key(process: str, who: str) -> str:
    """Where a process leaves its sign of life."""
    return f"gatte:alive:{process}:{who}"


def is_alive(process: str) -> bool:
    """Whether any worker or scheduler gave a sign of life lately; RedisError when nobody can know."""
    return next(redis().scan_iter(match=beat_key(process, "*"), count=1000), None) is not None
