"""The flask commands: thin doors to what the rooms do."""

from flask import Flask

from gatte.cli.audit_commands import audit
from gatte.cli.backup_commands import backup
from gatte.cli.certificate_commands import certificates
from gatte.cli.check_commands import check
from gatte.cli.company_fact_commands import facts
from gatte.cli.contact_commands import contacts, erasures
from gatte.cli.cron_commands import cron
from gatte.cli.key_commands import keys
from gatte.cli.knowledge_commands import demo, knowledge
from gatte.cli.model_commands import intents
from gatte.cli.process_commands import migrate, scheduler, worker
from gatte.cli.shadow_commands import shadow
from gatte.cli.template_commands import templates
from gatte.cli.token_commands import tokens
from gatte.cli.turn_commands import replay, reprocess
from gatte.cli.user_commands import users
from gatte.cli.webhook_commands import webhooks


def register(app: Flask) -> None:
    """Add the commands to an application."""
    for command in (
        migrate,
        worker,
        scheduler,
        check,
        users,
        tokens,
        webhooks,
        audit,
        backup,
        keys,
        contacts,
        erasures,
        cron,
        demo,
        facts,
        intents,
        certificates,
        templates,
        knowledge,
        replay,
        reprocess,
        shadow,
    ):
        app.cli.add_command(command)
