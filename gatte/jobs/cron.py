"""Scheduled jobs: what the clock starts, and when.

Each has a row in the table `scheduled_job`. The dispatcher finds those that are due, a worker
claims the row and runs the job: however many schedulers there are, each runs once. Times are the
company's. A run that dies is due again when its lease has run out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from croniter import croniter

from gatte import services
from gatte.data_rights import (
    erasure,
    erasure_ledger_check,
    erasure_requests,
    key_destruction,
    retention,
)
from gatte.desk import certificate_imports
from gatte.extensions import db
from gatte.intelligence import calls, memory
from gatte.intelligence.knowledge import question_clusters
from gatte.jobs import article_vectors
from gatte.media import orphans
from gatte.notices import (
    certificate_reminders,
    marketing_preferences,
    notice_hours,
    reminder_run,
    template_choice,
    template_sync,
)
from gatte.observability import metrics
from gatte.observability.metric_labels import JobOutcome
from gatte.operations import budget_check, figures, own_certificate, training_process
from gatte.operations.backup import nightly
from gatte.store import certificate_imports as stored_imports
from gatte.store import memories, scheduled_jobs
from gatte.turns import llm_costs

log = structlog.get_logger(__name__)

REMEMBERED_AT_ONCE = 200
LEASE_SECONDS = 1800.0  # longer than most of them work
BACKUP_LEASE_SECONDS = 6 * 3600.0
LEADS_AT_ONCE = 500


class NoSuchScheduledJob(Exception):
    """No scheduled job has this name; the message lists those there are."""


@dataclass(frozen=True)
class CronEntry:
    """A scheduled job: its cron expression, in the company's time zone, and what it does. That
    commits as it goes, and returns counts for people to read.
    """

    name: str
    cron: str
    run: Callable[[], Mapping[str, object]]
    lease_seconds: float = LEASE_SECONDS


def count_daily_figures() -> Mapping[str, object]:
    """Count the last days."""
    days = figures.count_days()
    db.session.commit()
    return {"days": days}


def apply_retention() -> Mapping[str, object]:
    """Remove what has had its time, after its days were counted, and prove it by a scan."""
    count_daily_figures()
    removed: dict[str, int] = {}
    for step in retention.remove_expired():
        db.session.commit()
        removed[step.name] = removed.get(step.name, 0) + step.removed
    return {"removed": removed, "left": retention.count_left()}


def destroy_inbox_keys() -> Mapping[str, object]:
    """Destroy the inbox keys of days that are over."""
    counts = key_destruction.destroy_old_keys()
    db.session.commit()
    return counts


def erase_due_contacts() -> Mapping[str, object]:
    """Erase the contacts whose requests are to be carried out by now."""
    erased = held = 0
    for contact_id in erasure_requests.list_due():
        try:
            done = erasure.erase(contact_id)
        except erasure.ContactHeld:
            db.session.rollback()
            erasure_requests.leave_to_people(contact_id)
            db.session.commit()
            held += 1
            continue
        db.session.commit()
        erasure.clear_caches(done)
        erased += 1
    return {"erased": erased, "held": held}


def replay_erasures() -> Mapping[str, object]:
    """Carry out erasures that the ledger names and the database lacks."""
    replayed = 0
    for done in erasure_ledger_check.replay_missing():
        db.session.commit()
        erasure.clear_caches(done)
        replayed += 1
    return {"replayed": replayed}


def create_backup() -> Mapping[str, object]:
    """Make the backups of the night, and delete those that have had their time."""
    return nightly.run(services.settings())


def train_command_model() -> Mapping[str, object]:
    """Train a challenger from the corrections, in a process of its own: it works a minute without
    a pause, in which no turn of this process would go on.
    """
    return training_process.train()


def sync_templates() -> Mapping[str, object]:
    """Read the company's templates from Meta."""
    try:
        number = template_choice.notice_number()
    except template_choice.NoNoticeNumber as missing:
        return {"problem": str(missing)}
    done = template_sync.store(number, template_sync.fetch(number))
    db.session.commit()
    return {"listed": done.listed, "deleted": done.deleted}


def watch_certificates() -> Mapping[str, object]:
    """Mark certificates by their last day, and make the renewal leads that are due."""
    today = _local_now().date()
    changed = certificate_reminders.refresh_states(today)
    db.session.commit()
    made = 0
    while count := certificate_reminders.make_renewal_leads(today, LEADS_AT_ONCE):
        db.session.commit()
        made += count
    return {"changed": changed, "leads": made}


def send_reminders() -> Mapping[str, object]:
    """Queue the reminders that are due now; what keeps one kind back is told, and keeps no other
    back.
    """
    now = _local_now()
    if not notice_hours.may_send(now):
        return {"outside_hours": True}
    counts = {"certificates": 0, "appointments": 0, "messages": 0}
    problems: list[str] = []
    for step in reminder_run.queue_due(now):
        db.session.commit()
        counts[step.subject] += step.reminders
        counts["messages"] += step.messages
        problems += [step.problem] if step.problem else []
    return {**counts, "problems": problems} if problems else counts


def import_certificates() -> Mapping[str, object]:
    """Store the files of certificates that people confirmed, and forget those that nobody did."""
    lines = 0
    for step in certificate_imports.store_confirmed():
        db.session.commit()
        db.session.expunge_all()
        lines += step.lines
    if lines:
        certificate_reminders.refresh_states(_local_now().date())
    deleted = stored_imports.delete_old()
    db.session.commit()
    return {"lines": lines, "forgotten": deleted}


def apply_marketing_choices() -> Mapping[str, object]:
    """Carry out what customers told Meta on marketing messages."""
    applied = 0
    while count := marketing_preferences.apply_waiting():
        db.session.commit()
        applied += count
    return {"applied": applied}


def _local_now() -> datetime:
    return datetime.now(services.settings().time_zone)


def group_unanswered_questions() -> Mapping[str, object]:
    """Put the questions that came since into groups."""
    grouped = question_clusters.group_new()
    db.session.commit()
    return {"grouped": grouped}


def remember_contacts() -> Mapping[str, object]:
    """Put what conversations told of their contacts into memory, when they ended or fell silent.
    One that cannot be read is logged and left out.
    """
    learned = failed = 0
    for conversation_id in memories.list_due(REMEMBERED_AT_ONCE):
        db.session.commit()
        try:
            learned += _remember(conversation_id)
        except Exception as error:  # noqa: BLE001 - one must not keep the others from being read
            db.session.rollback()
            log.warning("memory_not_read", error=type(error).__name__)
            memories.mark_remembered(conversation_id)
            failed += 1
        db.session.commit()
    return {"learned": learned, "failed": failed}


def _remember(conversation_id: UUID) -> int:
    """Remember what one conversation told; how much was new. Nothing stays open while Gemini is
    asked.
    """
    told = memory.collect(conversation_id)
    db.session.commit()
    if told is None:
        memories.mark_remembered(conversation_id)
        return 0
    with calls.collected() as made:
        found = memory.read_with_model(told)
    llm_costs.store_unattached(made, conversation_id)
    llm_costs.report(made)
    return memory.store(told, found)


def check_own_certificate() -> Mapping[str, object]:
    """Look until when the certificate holds that visitors of our domain see."""
    return own_certificate.check()


def remove_orphaned_media() -> Mapping[str, object]:
    """Remove the files of customers whose rows are gone."""
    removed = 0
    for count in orphans.remove_orphans():
        db.session.commit()
        removed += count
    return {"removed": removed}


def check_budget() -> Mapping[str, object]:
    """Tell when much of the budget is spent."""
    spent = budget_check.check()
    db.session.commit()
    return spent


ENTRIES = (
    CronEntry("sync_templates", "15 5 * * *", sync_templates),
    CronEntry("watch_certificates", "5 0,6 * * *", watch_certificates),
    CronEntry("send_reminders", "*/10 * * * *", send_reminders),
    CronEntry("import_certificates", "*/5 * * * *", import_certificates),
    CronEntry("apply_marketing_choices", "* * * * *", apply_marketing_choices),
    CronEntry("apply_retention", "40 2 * * *", apply_retention),
    CronEntry(own_certificate.JOB_NAME, "25 */6 * * *", check_own_certificate),
    CronEntry("check_budget", "* * * * *", check_budget),
    CronEntry("count_daily_figures", "10 * * * *", count_daily_figures),
    CronEntry("create_backup", "30 1 * * *", create_backup, BACKUP_LEASE_SECONDS),
    CronEntry("destroy_inbox_keys", "20 4 * * *", destroy_inbox_keys),
    CronEntry("embed_articles", "* * * * *", article_vectors.run),
    CronEntry("erase_due_contacts", "*/5 * * * *", erase_due_contacts),
    CronEntry("group_unanswered_questions", "*/5 * * * *", group_unanswered_questions),
    CronEntry("remember_contacts", "*/5 * * * *", remember_contacts),
    CronEntry("remove_orphaned_media", "* * * * *", remove_orphaned_media),
    CronEntry("replay_erasures", "*/5 * * * *", replay_erasures),
    CronEntry("train_command_model", "30 3 * * 0", train_command_model),
)
BY_NAME = {entry.name: entry for entry in ENTRIES}


def next_run(cron: str, after: datetime) -> datetime:
    """When an expression is met next after a time, by the company's clock; in UTC."""
    local = after.astimezone(services.settings().time_zone)
    found: datetime = croniter(cron, local).get_next(datetime)
    return found.astimezone(UTC)


def sync() -> None:
    """Let the table hold the scheduled jobs of this version, and no others."""
    now = datetime.now(UTC)
    for entry in ENTRIES:
        scheduled_jobs.sync(entry.name, entry.cron, next_run(entry.cron, now))
        for outcome in JobOutcome:
            _count(entry.name, outcome, 0)
    scheduled_jobs.delete_unknown(sorted(BY_NAME))
    db.session.commit()


def run(name: str, *, only_if_due: bool = True) -> bool:
    """Run a scheduled job and note how it ended; False when it is not due, or runs already.
    NoSuchScheduledJob for a name that this version does not have.
    """
    entry = BY_NAME.get(name)
    if entry is None:
        raise NoSuchScheduledJob(f"{name}: there is none; there are {', '.join(sorted(BY_NAME))}")
    claimed = scheduled_jobs.claim(name, entry.lease_seconds, only_if_due=only_if_due)
    db.session.commit()
    if not claimed:
        return False
    log.info("scheduled_job_started", name=name)
    try:
        result = entry.run()
    except Exception as error:
        db.session.rollback()
        _finish(entry, error=f"{type(error).__name__}: {error}")
        raise
    _finish(entry, result=result)
    log.info("scheduled_job_finished", name=name, **result)
    return True


def _finish(
    entry: CronEntry, *, result: Mapping[str, object] | None = None, error: str | None = None
) -> None:
    outcome = JobOutcome.SUCCEEDED if error is None else JobOutcome.FAILED
    _count(entry.name, outcome, 1)
    after = next_run(entry.cron, datetime.now(UTC))
    scheduled_jobs.finish(entry.name, after, result=result, error=error)
    db.session.commit()


def _count(name: str, outcome: JobOutcome, runs: int) -> None:
    """Add runs of a scheduled job to the metrics; 0 shows the series from the start."""
    metrics.SCHEDULED_JOB_RUNS.labels(name=name, outcome=outcome).inc(runs)
