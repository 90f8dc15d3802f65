"""The kill points: one at every step boundary of the way of a message, what is in danger there, and
what must come of it.

A point is the moment before or after a function of the product is called; with `since` only the
first such moment after that other function was entered in the same thread. `bench.chaos` and
tests/faults strike at each of them; a place that does not exist any more fails the build. When the
code moves, re-aim a place here: names of points are stable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from importlib import import_module
from typing import Any


class Process(StrEnum):
    """Who is killed."""

    WEB = "web"
    WORKER = "worker"
    SCHEDULER = "scheduler"


class When(StrEnum):
    """Before a function is entered, or after it has returned."""

    BEFORE = "before"
    AFTER = "after"


class Trigger(StrEnum):
    """What must happen in the workload for the point to be reached."""

    MESSAGE = "a customer writes"
    BURST = "several customers write in one body"
    REFUSED = "Meta is overloaded and refuses an answer"
    CUT = "Meta cuts the connection and has not taken the answer"
    CUT_ACCEPTED = "Meta cuts the connection and has taken the answer"
    SILENCE = "a customer falls silent in a flow"
    FAILURE = "a turn fails"
    PASSING = "a turn fails with a fault that may pass"
    RESTART = "the process starts anew"
    PATIENCE = "the time of a claim whose process died runs out"


@dataclass(frozen=True)
class Point:
    """One moment at which a process may die; `place` and `since` are `module:attribute`."""

    name: str
    process: Process
    place: str
    when: When
    at_risk: str
    expected: str
    since: str = ""
    trigger: Trigger = Trigger.MESSAGE


WEB, WORKER, SCHEDULER = Process.WEB, Process.WORKER, Process.SCHEDULER
BEFORE, AFTER = When.BEFORE, When.AFTER

# Places: where the code is now.
SIGNED = "gatte.whatsapp.signature:verify"
PARSE = "gatte.intake.receive:parse"
ROWS = "gatte.intake.receive:InboxReceiver._rows"
STATUS = "gatte.intake.receive:InboxReceiver._status"
ACCEPT = "gatte.intake.receive:InboxReceiver.store"
STORE = "gatte.intake.group_commit:GroupCommitWriter.store"
BATCH = "gatte.intake.group_commit:GroupCommitWriter._next_batch"
MAKE_INSERTS = "gatte.store.inbox:insert_statement"
INSERT = "gatte.intake.group_commit:GroupCommitWriter._execute"
WRITE = "gatte.intake.group_commit:GroupCommitWriter._write_batch_or_split"
SETTLE = "gatte.delivery.status_updates:apply_status_batch"
LOOK = "gatte.jobs.dispatcher:Dispatcher._poll"
PUT_ALL = "gatte.jobs.dispatcher:Dispatcher._enqueue"
BUNDLED = "gatte.jobs.dispatcher:into_batches"
REMEMBER = "gatte.jobs.dedup:DispatchDeduplicator.record"
PUT = "gatte.jobs.dispatcher:enqueue_batches"
RUN = "gatte.jobs.worker.runner:JobRunner._run"
RUN_PART = "gatte.jobs.worker.job_batch:run_job"
TAKE_IN = "gatte.turns.arrival:process_inbox_and_lease"
TAKE_IN_REST = "gatte.turns.arrival:process_remaining_inbox"
LOCK = "gatte.store.leases:relock_and_check"
COMMIT_READING = "gatte.store.messages:commit_and_fetch"
THINK = "gatte.turns.process:process"
LOOK_AGAIN = "gatte.turns.commit:lock_and_recheck"
APPLY = "gatte.turns.commit:stage_turn"
WRITE_DECISION = "gatte.decisions.apply:stage_decision"
ADD = "gatte.store.outbox:stage"
SENT = "gatte.infra.database.statement_batch:_execute_batch"
STORE_DECISION = "gatte.infra.database.statement_batch:StatementBatch.commit"
FAIL = "gatte.turns.retry:record_failure"
POSTPONE = "gatte.turns.retry:schedule_retry"
DELIVER = "gatte.jobs.definitions:deliver"
CLAIM = "gatte.delivery.claims:claim_next"
SEND = "gatte.whatsapp.client:CloudClient.send"
GET_RESPONSE = "http.client:HTTPConnection.getresponse"
READ_BODY = "gatte.infra.http:_read_body"
RECORD = "gatte.store.outbox:fetch_rows_autocommit"
REFUSED = "gatte.delivery.claims:record_rejected"
UNCERTAIN = "gatte.delivery.claims:record_uncertain"
DOUBT = "gatte.delivery.claims:mark_uncertain"
AGAIN = "gatte.delivery.claims:_needs_human"
BARK = "gatte.turns.inactivity:fire"
COMMIT = "sqlalchemy.orm:Session.commit"

# What is in danger.
THE_BODY = "the body, not yet stored"
DOUBLE_BODY = "the body is stored, and Meta does not know it"
THE_NEWS = "a status, not yet stored"
THE_JOB = "the job, which Redis does not have any more"
NO_JOB = "what is due has no job yet"
DOUBLE_JOB = "the job is put, and nobody remembers it"
THE_TURN = "a turn without a trace"
THE_LEASE = "the conversation, leased to a dead process"
THE_THOUGHT = "what was thought, not yet stored"
THE_SEND = "the answer, claimed by a dead process"
UNKNOWN = "Meta has the answer, and we do not know it"
RECORDED = "the answer is recorded; the next one waits"
NOTHING = "nothing: all is stored"
THE_ALARM = "a nudge, decided and not stored"

# What must come of it.
META_REPEATS = "no 200: Meta delivers the body again; stored once"
KNOWN_AGAIN = "Meta delivers it again; the wamid is known, so it is answered once"
NEWS_AGAIN = "Meta delivers the status again; statuses only move forward"
PUT_AGAIN = "the row is still due: put again under a free id"
ONE_TURN = "two jobs, one turn: the second finds nothing, or no free lease"
NEXT_LEADER = "the lock ends with the connection; the next scheduler leads"
ROLLED_BACK = "rolled back; the row is still due and is taken again"
LEASE_ENDS = "the lease runs out; another turn reads and answers"
DUE = "the answer is due in the outbox; the dispatcher has it delivered"
RESENT = "Meta never got it: no status within the grace time, sent again"
SETTLED = (
    "a status with the outbox id settles it; sent once "
    "(a second copy only if Meta never sent a status)"
)
GOES_ON = "the work goes on from what is stored"

POINTS: tuple[Point, ...] = (
    Point("webhook.body_read", WEB, SIGNED, BEFORE, THE_BODY, META_REPEATS),
    Point("webhook.signature_checked", WEB, SIGNED, AFTER, THE_BODY, META_REPEATS),
    Point("webhook.parsed", WEB, PARSE, AFTER, THE_BODY, META_REPEATS),
    Point("webhook.sealed", WEB, ROWS, AFTER, THE_BODY, META_REPEATS),
    Point("webhook.handed_to_writer", WEB, STORE, BEFORE, THE_BODY, META_REPEATS),
    Point("webhook.taken_by_writer", WEB, BATCH, AFTER, THE_BODY, META_REPEATS),
    Point("webhook.statement_made", WEB, MAKE_INSERTS, AFTER, THE_BODY, META_REPEATS),
    Point("webhook.before_insert", WEB, INSERT, BEFORE, THE_BODY, META_REPEATS),
    Point("webhook.committed", WEB, INSERT, AFTER, DOUBLE_BODY, KNOWN_AGAIN),
    Point("webhook.let_go", WEB, WRITE, AFTER, DOUBLE_BODY, KNOWN_AGAIN),
    Point("webhook.before_200", WEB, ACCEPT, AFTER, DOUBLE_BODY, KNOWN_AGAIN),
    Point("status.parsed", WEB, STATUS, AFTER, THE_NEWS, NEWS_AGAIN),
    Point("status.handed_to_writer", WEB, STORE, BEFORE, THE_NEWS, NEWS_AGAIN, since=STATUS),
    Point("status.stored_before_200", WEB, ACCEPT, AFTER, THE_NEWS, NEWS_AGAIN, since=STATUS),
    Point("status.before_applying", WORKER, SETTLE, BEFORE, THE_JOB, PUT_AGAIN),
    Point(
        "status.applied_before_commit",
        WORKER,
        COMMIT,
        BEFORE,
        "the state of an answer",
        ROLLED_BACK,
        since=SETTLE,
    ),
    Point("status.applied_after_commit", WORKER, COMMIT, AFTER, NOTHING, GOES_ON, since=SETTLE),
    Point(
        "dispatcher.leads", SCHEDULER, LOOK, BEFORE, NO_JOB, NEXT_LEADER, trigger=Trigger.RESTART
    ),
    Point("dispatcher.due_found", SCHEDULER, BUNDLED, BEFORE, NO_JOB, NEXT_LEADER),
    Point("dispatcher.before_put", SCHEDULER, PUT, BEFORE, NO_JOB, NEXT_LEADER),
    Point("dispatcher.put", SCHEDULER, PUT, AFTER, DOUBLE_JOB, ONE_TURN),
    Point(
        "dispatcher.half_remembered",
        SCHEDULER,
        REMEMBER,
        AFTER,
        DOUBLE_JOB,
        ONE_TURN,
        trigger=Trigger.BURST,
    ),
    Point("dispatcher.remembered", SCHEDULER, PUT_ALL, AFTER, NOTHING, NEXT_LEADER, since=PUT),
    Point("dispatcher.looked", SCHEDULER, LOOK, AFTER, NOTHING, NEXT_LEADER, since=PUT),
    Point("job.fetched", WORKER, RUN, BEFORE, THE_JOB, PUT_AGAIN),
    Point("job.begun", WORKER, RUN_PART, BEFORE, THE_JOB, PUT_AGAIN, trigger=Trigger.BURST),
    Point(
        "job.one_done",
        WORKER,
        RUN_PART,
        AFTER,
        "the other jobs of a bundle",
        PUT_AGAIN,
        trigger=Trigger.BURST,
    ),
    Point("turn.before_filing", WORKER, TAKE_IN, BEFORE, THE_JOB, PUT_AGAIN),
    Point("turn.inbox_processed", WORKER, TAKE_IN, AFTER, THE_TURN, ROLLED_BACK),
    Point("turn.leased.before_commit", WORKER, COMMIT_READING, BEFORE, THE_TURN, ROLLED_BACK),
    Point("turn.leased.after_commit", WORKER, COMMIT_READING, AFTER, THE_LEASE, LEASE_ENDS),
    Point("turn.before_thinking", WORKER, THINK, BEFORE, THE_LEASE, LEASE_ENDS),
    Point("turn.thought", WORKER, THINK, AFTER, THE_THOUGHT, LEASE_ENDS),
    Point("turn.applying.locked", WORKER, LOCK, AFTER, THE_THOUGHT, LEASE_ENDS, since=LOOK_AGAIN),
    Point(
        "turn.applying.begun", WORKER, WRITE_DECISION, BEFORE, THE_THOUGHT, LEASE_ENDS, since=APPLY
    ),
    Point("turn.applying.answer_added", WORKER, ADD, AFTER, THE_THOUGHT, LEASE_ENDS, since=APPLY),
    Point(
        "turn.applying.carried_out",
        WORKER,
        WRITE_DECISION,
        AFTER,
        THE_THOUGHT,
        LEASE_ENDS,
        since=APPLY,
    ),
    Point(
        "turn.decided.before_commit",
        WORKER,
        STORE_DECISION,
        BEFORE,
        THE_THOUGHT,
        LEASE_ENDS,
        since=APPLY,
    ),
    Point(
        "turn.decided.sent_with_commit", WORKER, SENT, AFTER, THE_SEND, RESENT, since=STORE_DECISION
    ),
    Point(
        "turn.decided.after_commit", WORKER, STORE_DECISION, AFTER, THE_SEND, RESENT, since=APPLY
    ),
    Point(
        "turn.resumed.before_lease",
        WORKER,
        TAKE_IN_REST,
        BEFORE,
        THE_JOB,
        PUT_AGAIN,
        trigger=Trigger.PASSING,
    ),
    Point(
        "turn.failing.before_commit",
        WORKER,
        COMMIT,
        BEFORE,
        "the apology",
        LEASE_ENDS,
        since=FAIL,
        trigger=Trigger.FAILURE,
    ),
    Point(
        "turn.failing.after_commit",
        WORKER,
        COMMIT,
        AFTER,
        "the apology, to be sent",
        DUE,
        since=FAIL,
        trigger=Trigger.FAILURE,
    ),
    Point(
        "turn.postponed.before_commit",
        WORKER,
        COMMIT,
        BEFORE,
        THE_LEASE,
        LEASE_ENDS,
        since=POSTPONE,
        trigger=Trigger.PASSING,
    ),
    Point(
        "turn.postponed.after_commit",
        WORKER,
        COMMIT,
        AFTER,
        THE_TURN,
        PUT_AGAIN,
        since=POSTPONE,
        trigger=Trigger.PASSING,
    ),
    Point("delivery.before_request", WORKER, SEND, BEFORE, THE_SEND, RESENT),
    Point(
        "delivery.request_on_its_way", WORKER, GET_RESPONSE, BEFORE, UNKNOWN, SETTLED, since=SEND
    ),
    Point("delivery.response_begun", WORKER, READ_BODY, BEFORE, UNKNOWN, SETTLED, since=SEND),
    Point("delivery.response_read", WORKER, SEND, AFTER, UNKNOWN, SETTLED),
    Point("delivery.recorded.before_commit", WORKER, RECORD, BEFORE, UNKNOWN, SETTLED),
    Point("delivery.recorded.after_commit", WORKER, RECORD, AFTER, RECORDED, DUE),
    Point(
        "delivery.refused.before_commit",
        WORKER,
        COMMIT,
        BEFORE,
        THE_SEND,
        RESENT,
        since=REFUSED,
        trigger=Trigger.REFUSED,
    ),
    Point(
        "delivery.refused.after_commit",
        WORKER,
        COMMIT,
        AFTER,
        NOTHING,
        DUE,
        since=REFUSED,
        trigger=Trigger.REFUSED,
    ),
    Point(
        "delivery.retry.before_claim",
        WORKER,
        CLAIM,
        BEFORE,
        THE_JOB,
        PUT_AGAIN,
        since=DELIVER,
        trigger=Trigger.REFUSED,
    ),
    Point(
        "delivery.retry.claimed",
        WORKER,
        COMMIT,
        AFTER,
        THE_SEND,
        RESENT,
        since=DELIVER,
        trigger=Trigger.REFUSED,
    ),
    Point(
        "delivery.uncertain.before_commit",
        WORKER,
        COMMIT,
        BEFORE,
        THE_SEND,
        RESENT,
        since=UNCERTAIN,
        trigger=Trigger.CUT,
    ),
    Point(
        "delivery.uncertain.after_commit",
        WORKER,
        COMMIT,
        AFTER,
        THE_SEND,
        RESENT,
        since=UNCERTAIN,
        trigger=Trigger.CUT,
    ),
    Point(
        "delivery.uncertain.accepted",
        WORKER,
        COMMIT,
        BEFORE,
        UNKNOWN,
        SETTLED,
        since=UNCERTAIN,
        trigger=Trigger.CUT_ACCEPTED,
    ),
    Point(
        "delivery.resend.claimed",
        WORKER,
        COMMIT,
        AFTER,
        THE_SEND,
        RESENT,
        since=AGAIN,
        trigger=Trigger.CUT,
    ),
    Point(
        "delivery.resend.response_read",
        WORKER,
        SEND,
        AFTER,
        UNKNOWN,
        SETTLED,
        since=AGAIN,
        trigger=Trigger.CUT,
    ),
    Point(
        "delivery.doubt.before_commit",
        WORKER,
        COMMIT,
        BEFORE,
        THE_SEND,
        RESENT,
        since=DOUBT,
        trigger=Trigger.PATIENCE,
    ),
    Point(
        "delivery.doubt.after_commit",
        WORKER,
        COMMIT,
        AFTER,
        THE_SEND,
        RESENT,
        since=DOUBT,
        trigger=Trigger.PATIENCE,
    ),
    Point(
        "watchdog.before_commit",
        WORKER,
        COMMIT,
        BEFORE,
        THE_ALARM,
        ROLLED_BACK,
        since=BARK,
        trigger=Trigger.SILENCE,
    ),
    Point(
        "watchdog.after_commit",
        WORKER,
        COMMIT,
        AFTER,
        "a nudge, to be sent",
        DUE,
        since=BARK,
        trigger=Trigger.SILENCE,
    ),
)

BY_NAME: dict[str, Point] = {point.name: point for point in POINTS}
FAILS = {
    Trigger.FAILURE: THINK,
    Trigger.PASSING: THINK,
}  # what is made to fail for a point, in the turn of a marked message


class Gone(LookupError):
    """A place of the table does not exist in the code any more."""


def owner_of(place: str) -> tuple[Any, str, Callable[..., Any]]:
    """Where a place is: its owner, its name and the function; Gone when there is none."""
    module, _, path = place.partition(":")
    *parents, name = path.split(".")
    try:
        owner = reduce(getattr, parents, import_module(module))
        function = owner.__dict__[name]
    except (ImportError, AttributeError, KeyError) as error:
        raise Gone(place) from error
    if not callable(function):
        raise Gone(place)
    return owner, name, function


def places_of(process: Process) -> set[str]:
    """Everything that must be watched in a process."""
    mine = [point for point in POINTS if point.process is process]
    return (
        {point.place for point in mine}
        | {point.since for point in mine if point.since}
        | {FAILS[p.trigger] for p in mine if p.trigger in FAILS}
    )
