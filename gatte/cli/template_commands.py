"""`flask templates`: the messages that Meta approved, and what each is used for."""

from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from gatte.extensions import db

if TYPE_CHECKING:
    from gatte.notices.template_choice import NoticeNumber

templates = AppGroup("templates", help="Message templates that Meta approved.")
LANGUAGE = click.option("--language", default="pt_BR", show_default=True)


@templates.command("sync")
def sync() -> None:
    """Read the company's templates from Meta (or the simulator's, without an access token)."""
    from gatte.notices import template_choice, template_sync
    from gatte.whatsapp.channel import Rejected, SendFailed

    try:
        number = template_choice.notice_number()
        done = template_sync.store(number, template_sync.fetch(number))
    except template_choice.NoNoticeNumber as missing:
        raise click.ClickException(str(missing)) from None
    except SendFailed as refused:
        words = refused.details if isinstance(refused, Rejected) else ""
        raise click.ClickException(
            f"Meta did not list the templates: {refused} {words}."
            " Is WHATSAPP_BUSINESS_ACCOUNT_ID the account's id, and may the"
            " token read it (whatsapp_business_management)?"
        ) from None
    db.session.commit()
    click.echo(f"{done.listed} templates, {done.deleted} gone since the last time.")
    for purpose in done.assigned:
        click.echo(f"{purpose.value} uses the template of the suggested name from now on.")


@templates.command("list")
def list_all() -> None:
    """Show the templates, and for each purpose the one that serves it or what it needs."""
    from gatte.notices import purposes, template_choice
    from gatte.store import message_templates

    number = _number()
    for one in message_templates.list_templates(number.business_account_id):
        click.echo(f"{one.name:<32} {one.language:<6} {one.category.value:<15} {one.state.value}")
    for purpose, rule in purposes.RULES.items():
        try:
            chosen = template_choice.choose(purpose, number)
        except template_choice.NoApprovedTemplate as missing:
            click.echo(f"{purpose.value}: {missing}")
            click.echo(f"  variables, in order: {', '.join(rule.variables)}")
            continue
        click.echo(f"{purpose.value}: {chosen.template.name} ({chosen.template.language})")


@templates.command("use")
@click.argument("purpose")
@click.argument("name")
@LANGUAGE
def use(purpose: str, name: str, language: str) -> None:
    """Let a template serve a purpose: certificate_expiring, certificate_expired, appointment."""
    from gatte.models import NoticePurpose
    from gatte.notices import template_choice

    if purpose not in set(NoticePurpose):
        raise click.ClickException(
            f"no such purpose: {purpose}. There are: {', '.join(NoticePurpose)}"
        )
    _number()
    try:
        template_choice.assign(NoticePurpose(purpose), name, language)
    except template_choice.NoApprovedTemplate as refused:
        raise click.ClickException(str(refused)) from None
    db.session.commit()
    click.echo(f"{purpose} uses {name} ({language}) from now on.")


def _number() -> "NoticeNumber":
    from gatte.notices import template_choice

    try:
        return template_choice.notice_number()
    except template_choice.NoNoticeNumber as missing:
        raise click.ClickException(str(missing)) from None
