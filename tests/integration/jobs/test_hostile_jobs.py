"""What somebody who can write to Redis puts there: no worker imports or runs it, and every worker
goes on.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis

from gatte.infra.rq_queue import (
    BATCH_FUNCTION,
    BatchedJob,
    JobBatch,
    JobName,
    QueueName,
    enqueue_batches,
    get_queue,
)
from tests import process_system
from tests.process_system import System, until

DATE = "2026-01-01T00:00:00.000000Z"
NOBODY = "01a207b1-2d2f-74cc-86bf-3755ffb73246"
GOOD_PARTS = [["APPLY_STATUSES", [], 0.0]]
CALLBACKS = ("success_callback_name", "failure_callback_name", "stopped_callback_name")


class Attacker:
    """Writes to Redis by hand, and knows by a file whether anything of it ran."""

    def __init__(self, client: "Redis[bytes]", folder: Path) -> None:
        self.redis = client
        self.trace = folder / "trace"
        self._folder = folder

    @property
    def touch(self) -> str:
        return f"touch {self.trace}"

    def module(self) -> str:
        """The name of a function in a module that leaves a trace when it is imported."""
        (self._folder / "hostile.py").write_text(
            f"open({str(self.trace)!r}, 'w').close()\ndef run(*_): pass\n"
        )
        return "hostile.run"

    def hash(self, function: str, arguments: list[object], **fields: str) -> str:
        """A job as RQ would read it; its id."""
        job = uuid4().hex
        data = json.dumps([function, None, arguments, {}])
        common = {
            "data": data,
            "status": "queued",
            "origin": "turns",
            "created_at": DATE,
            "timeout": "-1",
        }
        self.redis.hset(f"rq:job:{job}", mapping={**common, **fields})
        return job

    def puts(self, function: str, arguments: list[object], **fields: str) -> str:
        """Put it on the queue of turns, before all others."""
        job = self.hash(function, arguments, **fields)
        self.redis.lpush("rq:queue:turns", job)
        return job

    def is_gone(self, job: str) -> bool:
        return not self.redis.exists(f"rq:job:{job}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("worker")


@pytest.fixture(scope="module")
def worker(folder, database_url, redis_url) -> Iterator[System]:
    """A real worker process that could import what lies in the folder."""
    path = {"PYTHONPATH": f"{process_system.PROJECT}:{folder}"}
    system = System(folder, process_system.settings(database_url, redis_url, **path))
    try:
        system.start("worker")
        assert until(
            lambda: '"worker_started"' in system.log("worker"), process_system.READY_PATIENCE
        ), system.log_tail()
        yield system
    finally:
        system.stop()


@pytest.fixture
def attacker(worker, folder, redis_url) -> Iterator[Attacker]:
    with Redis.from_url(redis_url) as client:
        made = Attacker(client, folder)
        yield made
    made.trace.unlink(missing_ok=True)


def still_works(app, worker: System) -> bool:
    """Whether the worker runs a bundle of ours."""
    bundle = JobBatch(uuid4().hex, QueueName.MAINTENANCE, (BatchedJob(JobName.DELIVER, (NOBODY,)),))
    with app.app_context():
        enqueue_batches([bundle])
        done = until(
            lambda: (
                bundle.id
                in get_queue(QueueName.MAINTENANCE).finished_job_registry.get_job_ids(cleanup=False)
            )
        )
    return done and worker.processes["worker"].poll() is None


def refusals(worker: System) -> list[dict[str, str]]:
    lines = [line for line in worker.log("worker").splitlines() if '"job_refused"' in line]
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    "function",
    ["os.system", "builtins.eval", "gatte.jobs.definitions.process_inbox", "subprocess.getoutput"],
)
def test_a_function_that_is_not_ours_is_not_run(app, worker, attacker, function):
    code = (
        f"__import__('os').system({attacker.touch!r})"
        if function == "builtins.eval"
        else attacker.touch
    )
    job = attacker.puts(function, [code])

    assert until(lambda: attacker.is_gone(job))
    assert still_works(app, worker)
    assert not attacker.trace.exists()
    assert refusals(worker)[-1]["reason"] == "foreign function"


def test_a_module_that_is_not_ours_is_not_imported(app, worker, attacker):
    job = attacker.puts(attacker.module(), [])

    assert until(lambda: attacker.is_gone(job))
    assert still_works(app, worker)
    assert not attacker.trace.exists()


@pytest.mark.parametrize("callback", CALLBACKS)
def test_a_bundle_that_brings_a_function_to_call_afterwards_is_not_run(
    app, worker, attacker, callback
):
    job = attacker.puts(BATCH_FUNCTION, [GOOD_PARTS], **{callback: attacker.module()})

    assert until(lambda: attacker.is_gone(job))
    assert still_works(app, worker)
    assert not attacker.trace.exists()
    assert refusals(worker)[-1]["reason"] == f"foreign fields: {callback}"


@pytest.mark.parametrize(
    "field",
    [
        {"webhooks": '[{"url": "http://127.0.0.1:9/", "job_status": "finished"}]'},
        {"dependency_ids": '["other"]'},
        {"meta": '{"a": 1}'},
        {"retries_left": "3"},
        {"rate_limit_key": "a", "rate_limit_concurrency": "1"},
        {"group_id": "a"},
    ],
    ids=lambda field: next(iter(field)),
)
def test_a_bundle_with_a_field_that_none_of_ours_has_is_not_run(app, worker, attacker, field):
    job = attacker.puts(BATCH_FUNCTION, [GOOD_PARTS], **field)

    assert until(lambda: attacker.is_gone(job))
    assert still_works(app, worker)
    assert refusals(worker)[-1]["reason"].startswith("foreign fields: ")


@pytest.mark.parametrize(
    "parts",
    [
        [["os.system", ["true"], 0.0]],
        [["APPLY_STATUSES", [{"a": 1}], 0.0]],
        [["APPLY_STATUSES", ["an id has no spaces"], 0.0]],
        [["APPLY_STATUSES", [], float("nan")]],
        [["APPLY_STATUSES", []]],
        [],
        "APPLY_STATUSES",
    ],
    ids=str,
)
def test_a_bundle_of_anything_but_known_jobs_and_ids_is_not_run(app, worker, attacker, parts):
    job = attacker.puts(BATCH_FUNCTION, [parts])

    assert until(lambda: attacker.is_gone(job))
    assert still_works(app, worker)
    assert refusals(worker)[-1]["job_id"] == job


@pytest.mark.parametrize(
    "field",
    [{"data": "no json"}, {"status": "no status"}, {"created_at": "no date"}, {"result_ttl": "x"}],
    ids=str,
)
def test_a_job_that_cannot_be_read_ends_no_worker(app, worker, attacker, field):
    job = attacker.puts(BATCH_FUNCTION, [GOOD_PARTS], **field)

    assert until(lambda: attacker.is_gone(job))
    assert still_works(app, worker)
    assert refusals(worker)[-1]["reason"].startswith("unreadable")


@pytest.mark.parametrize("entry", [b"\xff\xfe", b"no id: *", b""], ids=str)
def test_an_entry_of_a_queue_that_is_no_id_ends_no_worker(app, worker, attacker, entry):
    attacker.redis.lpush("rq:queue:turns", entry)

    assert still_works(app, worker)


def test_tidying_up_after_a_dead_worker_calls_nothing_that_redis_names(
    app, folder, database_url, redis_url, attacker
):
    """RQ calls the failure callback of a job whose worker died when any worker tidies up, which
    each does at its start.
    """
    job = attacker.hash(
        BATCH_FUNCTION, [GOOD_PARTS], status="started", failure_callback_name=attacker.module()
    )
    attacker.redis.zadd("rq:wip:turns", {f"{job}:{uuid4().hex}": time.time() - 60})
    attacker.redis.delete(*attacker.redis.keys("rq:clean_registries:*") or ["none"])
    tidying = System(
        folder,
        process_system.settings(
            database_url, redis_url, PYTHONPATH=f"{process_system.PROJECT}:{folder}"
        ),
    )
    try:
        tidying.start("worker:2")
        assert until(
            lambda: not attacker.redis.zcard("rq:wip:turns"), process_system.READY_PATIENCE
        ), tidying.log_tail()
    finally:
        tidying.stop()

    assert not attacker.trace.exists()
