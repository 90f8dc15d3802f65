"""What the webhook brought: stored in whole batches before it is acknowledged, moved to the
conversation of its contact before a turn reads it.

`receive` is the way in (one body of the webhook), `group_commit` commits the rows of many requests
together, `stored_log` tells operators of them, `contact_identity` finds out who wrote, and
`inbox_processor` moves a sender's messages to the conversation. Start reading at `receive`.
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
