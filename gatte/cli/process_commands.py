"""`flask migrate`, `flask worker` and `flask scheduler`: what a deployment starts."""

import signal
from collections.abc import Callable
from typing import NoReturn

import click
from flask import current_app

from gatte import services
from gatte.extensions import db
from gatte.infra import schema


@click.command()
def migrate() -> None:
    """Bring the database to the schema that this version needs, as the role of
    GATTE_MIGRATION_DATABASE_URL where that is set, and grant the role of DATABASE_URL its rights; a
    new schema takes the company's name, hours and holidays from the settings.
    """
    from gatte.desk import fact_files

    settings = services.settings()
    status = schema.run_command(settings.migration_database_url, settings.database_role)
    if status == 0:
        fact_files.seed_from_settings()
        db.session.commit()
    raise SystemExit(status)


def _require_fit_database() -> None:
    """End the process with exit code 78 over a schema, master keys or an erasure ledger that do not
    fit.
    """
    from gatte.data_rights import erasure_ledger_check
    from gatte.store import master_keys

    schema.require_current_schema(services.settings().database_url.get_secret_value())
    master_keys.require_opening_keys(services.settings())
    erasure_ledger_check.require_applied_ledger(services.settings())


@click.command()
@click.option("--processes", type=int, help="Processes to run; each has its own threads.")
@click.option("--threads", type=int, help="Jobs at once in a process.")
def worker(processes: int | None, threads: int | None) -> None:
    """Run the jobs: turns, delivery, maintenance."""
    from gatte.infra.garbage_collection import freeze_startup_objects
    from gatte.intelligence import service
    from gatte.jobs.worker import recycling, runner
    from gatte.jobs.worker.processes import run_processes

    services.local_models().require()
    service.preload_models()
    freeze_startup_objects()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    concurrency = threads or services.settings().gatte_worker_concurrency

    def work(replace: Callable[[], NoReturn]) -> None:
        _require_fit_database()
        runner.run(app, concurrency, replace)

    count = processes or services.settings().worker_processes
    if count == 1:
        work(recycling.reexec)
    raise SystemExit(run_processes(lambda: work(recycling.exit_recycled), count))


@click.command()
def scheduler() -> None:
    """Run the dispatcher, which finds what is due; a second one waits for the first to die."""
    from gatte.jobs.dispatcher import Dispatcher

    _require_fit_database()
    dispatcher = Dispatcher()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: dispatcher.stop())
    dispatcher.run()
