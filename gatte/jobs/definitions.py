"""Every job that RQ runs for us; `JobName` in `infra/rq_queue.py` names them. Arguments are ids."""

from uuid import UUID

from gatte.decisions import apply
from gatte.delivery import service_window, status_updates, webhooks
from gatte.delivery.send import send_due
from gatte.extensions import db
from gatte.intelligence import calls
from gatte.intelligence.knowledge import article_passages, trials
from gatte.jobs import cron
from gatte.jobs.job_context import job
from gatte.media import fetch
from gatte.store import consents
from gatte.turns import inactivity, llm_costs, run


@job
def process_inbox(phone_number_id: str, sender: str) -> None:
    """Process what a sender wrote and answer it. Run twice at once, it is answered once."""
    run.process_inbox_and_run(phone_number_id, bytes.fromhex(sender))


@job
def resume_turn(conversation_id: str) -> None:
    """Answer the messages of a conversation that an earlier turn left unread."""
    run.resume(UUID(conversation_id))


@job
def fire_inactivity_timer(conversation_id: str) -> None:
    """Remind, time out or close a conversation in which nobody speaks, or warn the desk."""
    turn = inactivity.fire(UUID(conversation_id))
    db.session.commit()
    if turn is not None:
        apply.count(turn)
    send_due(UUID(conversation_id))


@job
def deliver(conversation_id: str) -> None:
    """Send the replies of a conversation that are due, in order. Run twice at once, each is sent
    once.
    """
    send_due(UUID(conversation_id))


@job
def apply_statuses() -> None:
    """Apply the statuses that the webhook stored, oldest first, each once.

    Those of replies that we do not know yet stay.
    """
    after = 0
    while (batch := status_updates.apply_status_batch(after)) is not None:
        for outbox_id in batch.window_closed:
            service_window.handle_late_failure(outbox_id)
        for outbox_id in batch.marketing_stopped:
            consents.record_marketing_stop_of(outbox_id)
        db.session.commit()
        after = batch.last_id
    db.session.commit()


@job
def run_scheduled_job(name: str) -> None:
    """Run what the clock started. Run twice at once, it runs once."""
    cron.run(name)


@job
def deliver_webhooks(subscription_id: str) -> None:
    """Send the events that are due to one subscriber. Run twice at once, each is sent once."""
    webhooks.deliver_due(UUID(subscription_id))


@job
def embed_passages() -> None:
    """Give passages that were changed lately their vectors, some at a time."""
    article_passages.embed_missing(db.session())
    db.session.commit()


@job
def fetch_media() -> None:
    """Fetch the files of customers that are due. Run twice at once, each is stored once."""
    fetch.fetch_due()


@job
def answer_trial(trial_id: str) -> None:
    """Answer a question that somebody of the company tries out; what that costs counts."""
    with calls.collected() as made:
        trials.answer(UUID(trial_id))
    llm_costs.store_unattached(made)
    llm_costs.report(made)
