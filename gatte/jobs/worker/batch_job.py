"""What of an RQ job is believed: whoever can write to Redis must not decide what code runs here.

RQ takes names from Redis and imports them: of the function, of what is called when it ends or
fails, and the addresses of its web hooks; it does so when it runs a job and when it tidies up after
a dead worker. So a job is stripped of all that a batch does not have as soon as it is read, and
runs one function. The pool refuses any that is not a batch.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from rq.job import Job
from rq.utils import as_text

from gatte.infra.rq_queue import BATCH_FUNCTION, FAILED_BATCH_TTL_SECONDS, NO_JOB_TIMEOUT, JobName
from gatte.jobs.worker import job_batch
from gatte.whatsapp.lenient_json import identifier

MAX_JOBS = 64
_KEPT_FIELDS = frozenset(
    [
        "data",
        "created_at",
        "enqueued_at",
        "started_at",
        "ended_at",
        "last_heartbeat",
        "worker_name",
        "origin",
        "description",
        "status",
        "result_ttl",
    ]
)
_REPLACED_FIELDS = frozenset(["timeout", "failure_ttl"])


class JobRefused(Exception):
    """The job is not a batch as the dispatcher makes it; the message says why."""


class BatchJob(Job):
    """An RQ job as it stands in Redis, reduced to what a batch has. `refusal` says why it must not
    run, None when it may.
    """

    refusal: str | None = None

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        """Take over the fields of a batch and no others. Whatever stands there, nothing is raised
        and nothing imported.
        """
        fields = {as_text(name): value for name, value in raw_data.items()}
        try:
            super().restore({name: fields[name] for name in _KEPT_FIELDS & fields.keys()})
            _require_known_fields(fields)
            _require_batch(self)
        except JobRefused as error:
            self.refusal = str(error)
        except Exception as error:  # noqa: BLE001 - dates, numbers and states that RQ cannot read
            self.refusal = f"unreadable: {type(error).__name__}"
        self.timeout = NO_JOB_TIMEOUT
        self.failure_ttl = FAILED_BATCH_TTL_SECONDS

    @property
    def func(self) -> Callable[..., None]:
        """The one function of ours that RQ may call."""
        if self.refusal is not None:
            raise JobRefused(self.refusal)
        return job_batch.run_batch


def _require_known_fields(fields: Mapping[str, bytes]) -> None:
    """Raise JobRefused when a field that no batch has holds anything: callbacks, web hooks,
    dependencies, retries, meta.
    """
    foreign = sorted(
        name for name in fields.keys() - _KEPT_FIELDS - _REPLACED_FIELDS if fields[name]
    )
    if foreign:
        raise JobRefused(f"foreign fields: {', '.join(foreign)[:200]}")


def _require_batch(job: Job) -> None:
    """Raise JobRefused unless the job calls our function with known jobs and ids."""
    if job.func_name != BATCH_FUNCTION or job.instance is not None:
        raise JobRefused("foreign function")
    if job.kwargs or len(job.args) != 1 or not isinstance(job.args[0], list):
        raise JobRefused("foreign arguments")
    parts = job.args[0]
    if not 1 <= len(parts) <= MAX_JOBS or not all(_is_job(part) for part in parts):
        raise JobRefused("foreign part")


def _is_job(part: Any) -> bool:  # noqa: ANN401 - what JSON gives
    """Whether it is a job that we know, with ids for arguments and the time when it may start."""
    if not isinstance(part, list) or len(part) != 3:
        return False
    name, arguments, start_at = part
    is_known = isinstance(name, str) and name in JobName.__members__
    if not is_known or not isinstance(arguments, list):
        return False
    is_time = isinstance(start_at, int | float) and math.isfinite(start_at)
    return is_time and all(isinstance(one, str) and identifier(one) for one in arguments)
