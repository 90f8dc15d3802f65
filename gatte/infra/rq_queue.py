"""The queue: names of jobs and queues, and how they are put on one. The only module beside `jobs`
that knows RQ.

Jobs travel in batches: one RQ job carries a handful of them, because RQ's bookkeeping costs about
as much as a turn's own work. Postgres is the schedule: a batch that is lost here is put again by
the dispatcher, so putting one may fail without harm.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, ParamSpec, cast

import structlog
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from gatte import services

log = structlog.get_logger(__name__)
Arguments = ParamSpec("Arguments")

# every wait inside a job has a limit of its own; an exception thrown into a thread from outside is
# not safe
NO_JOB_TIMEOUT = -1
FAILED_BATCH_TTL_SECONDS = 3600
# to have RQ delete a job at once costs seven more round trips than to let it expire
FINISHED_BATCH_TTL_SECONDS = 1
BATCH_FUNCTION = "gatte.jobs.worker.job_batch.run_batch"


class QueueName(StrEnum):
    """The queues, most urgent first."""

    DELIVERY = "delivery"
    TURNS = "turns"
    MAINTENANCE = "maintenance"


class JobName(StrEnum):
    """Every job, by the place of its function."""

    PROCESS_INBOX = "gatte.jobs.definitions.process_inbox"
    RESUME_TURN = "gatte.jobs.definitions.resume_turn"
    FIRE_INACTIVITY_TIMER = "gatte.jobs.definitions.fire_inactivity_timer"
    DELIVER = "gatte.jobs.definitions.deliver"
    APPLY_STATUSES = "gatte.jobs.definitions.apply_statuses"
    RUN_SCHEDULED_JOB = "gatte.jobs.definitions.run_scheduled_job"
    DELIVER_WEBHOOKS = "gatte.jobs.definitions.deliver_webhooks"
    EMBED_PASSAGES = "gatte.jobs.definitions.embed_passages"
    ANSWER_TRIAL = "gatte.jobs.definitions.answer_trial"


QUEUE_BY_JOB: dict[JobName, QueueName] = {
    JobName.PROCESS_INBOX: QueueName.TURNS,
    JobName.RESUME_TURN: QueueName.TURNS,
    JobName.FIRE_INACTIVITY_TIMER: QueueName.MAINTENANCE,
    JobName.DELIVER: QueueName.DELIVERY,
    JobName.APPLY_STATUSES: QueueName.MAINTENANCE,
    JobName.RUN_SCHEDULED_JOB: QueueName.MAINTENANCE,
    JobName.DELIVER_WEBHOOKS: QueueName.MAINTENANCE,
    JobName.EMBED_PASSAGES: QueueName.MAINTENANCE,
    JobName.ANSWER_TRIAL: QueueName.TURNS,
}


def get_queue(name: QueueName, job_class: type[Job] = Job) -> Queue:
    """The RQ queue of that name, which reads jobs as `job_class`."""
    return Queue(
        name.value,
        connection=services.redis(),
        serializer=JSONSerializer,
        job_class=job_class,
        default_timeout=NO_JOB_TIMEOUT,
    )


class BatchedJob(NamedTuple):
    """A job with its arguments, as it travels in a batch, and when it may start (seconds since
    1970).
    """

    job: JobName
    arguments: tuple[str, ...]
    start_at: float = 0.0


@dataclass(frozen=True)
class JobBatch:
    """Jobs that travel as one RQ job of this id; each runs on a thread of its own, and none is
    stopped by another's failure.
    """

    id: str
    queue: QueueName
    jobs: tuple[BatchedJob, ...]


def enqueue_batches(batches: Iterable[JobBatch]) -> None:
    """Put batches on their queues in one round trip; RedisError when Redis is away."""
    by_queue: dict[QueueName, list[EnqueueData]] = {}
    for batch in batches:
        by_queue.setdefault(batch.queue, []).append(_enqueued(batch))
    with services.redis().pipeline() as pipeline:
        for name in sorted(by_queue):
            get_queue(name).enqueue_many(by_queue[name], pipeline=pipeline)
        pipeline.execute()


def _enqueued(batch: JobBatch) -> EnqueueData:
    jobs = [(part.job.name, part.arguments, part.start_at) for part in batch.jobs]
    return Queue.prepare_data(
        BATCH_FUNCTION,
        args=(jobs,),
        job_id=batch.id,
        result_ttl=FINISHED_BATCH_TTL_SECONDS,
        failure_ttl=FAILED_BATCH_TTL_SECONDS,
        description=f"{len(batch.jobs)} of {batch.queue}",
    )


def queued_ids(name: QueueName) -> frozenset[str]:
    """The ids of the batches that nobody has fetched yet; RedisError when Redis is away."""
    return frozenset(get_queue(name).get_job_ids())


def count_failed_batches() -> int:
    """How many batches ended in an error within FAILED_BATCH_TTL_SECONDS; RedisError when Redis is
    away.
    """
    return sum(get_queue(name).failed_job_registry.count for name in QueueName)


HEARTBEAT_SECONDS = 2
HEARTBEAT_TTL_SECONDS = HEARTBEAT_SECONDS * 5


class ProcessKind(StrEnum):
    """The kinds of processes that give signs of life."""

    WORKER = "worker"
    SCHEDULER = "scheduler"


def send_heartbeat(kind: ProcessKind, who: str) -> None:
    """Say that a process is alive, and forget those that were not for long; RedisError when nobody
    hears it.
    """
    now = read_redis_clock(services.redis())
    with services.redis().pipeline() as pipeline:
        pipeline.zadd(_heartbeat_key(kind), {who: now})
        pipeline.zremrangebyscore(_heartbeat_key(kind), "-inf", f"({now - HEARTBEAT_TTL_SECONDS}")
        pipeline.expire(_heartbeat_key(kind), HEARTBEAT_TTL_SECONDS)
        pipeline.execute()


def list_alive(kind: ProcessKind, client: "Redis | None" = None) -> list[str]:
    """Who of a kind gave a sign of life lately, as `host:pid`; RedisError when nobody can know."""
    client = client or services.redis()
    found = client.zrangebyscore(
        _heartbeat_key(kind), read_redis_clock(client) - HEARTBEAT_TTL_SECONDS, "+inf"
    )
    return [who.decode() for who in cast("list[bytes]", found)]


def count_alive(client: "Redis") -> dict[ProcessKind, float]:
    """How many processes of each kind are alive; RedisError when nobody can know."""
    return {kind: len(list_alive(kind, client)) for kind in ProcessKind}


def _heartbeat_key(kind: ProcessKind) -> str:
    return f"gatte:heartbeat:{kind}"


def read_redis_clock(client: "Redis") -> float:
    """The time of Redis in seconds since 1970, on which hosts with different clocks agree."""
    seconds, microseconds = client.time()
    return seconds + microseconds / 1_000_000
