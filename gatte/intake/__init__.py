"""What the webhook brought: stored in whole batches before it is acknowledged, filed under its
contact before a turn reads it.

`inbox.accept` is the way in (one body of the webhook), `writer` commits the rows of many requests
together, `stored` tells operators of them, `identity` finds out who wrote, `filing` moves a
sender's messages to the conversation, `statuses` settles what became of our answers.
"""

from flask import Flask

from gatte.intake import stored_log
from gatte.intake.group_commit import GroupCommitWriter
from gatte.settings import Settings


def init_app(app: Flask, _: Settings) -> None:
    """Give the application its way in; the writer's thread starts with the first message."""
    from gatte.extensions import db
    from gatte.intake.receive import InboxReceiver

    with app.app_context():
        app.extensions["gatte_inbox"] = InboxReceiver(
            app.extensions["gatte_keyring"], GroupCommitWriter(db.engine, stored_log.tell)
        )
