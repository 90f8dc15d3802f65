"""`flask keys`: the master keys, which wrap every data key."""

import click
from flask.cli import AppGroup

from gatte import services
from gatte.extensions import db

keys = AppGroup("keys", help="The master keys of GATTE_ENCRYPTION_KEYS.")


@keys.command("rotate")
@click.option(
    "--pause",
    type=click.FloatRange(0, 60),
    default=0.1,
    show_default=True,
    help="Seconds of rest after each batch of 200 data keys.",
)
def rotate(pause: float) -> None:
    """Wrap every data key under the first master key, beside the running system.

    Before: add the new key at the end of GATTE_ENCRYPTION_KEYS and restart every process, then put
    it first and restart again, so that no process meets a key that it lacks. Safe to stop and to
    repeat: it goes on where it was.
    """
    from gatte.infra.database import engine
    from gatte.operations import master_key_rotation as rotation

    def tell(left: int) -> None:
        click.echo(f"{left} data keys left")

    beside = engine.unpooled_engine(services.settings(), "keys")
    try:
        total = rotation.rotate(beside, tell, pause)
    except (rotation.RotationRunning, rotation.KeyMissing) as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"{total} data keys are wrapped by {services.keyring().master.first_id} now.")


@keys.command("rotate-lookup")
@click.option(
    "--wait",
    type=click.FloatRange(0, 600),
    help="Seconds until no process holds the key before; shorter only where none runs.",
)
@click.option(
    "--forget-unknown",
    is_flag=True,
    help="Go on though contacts have former numbers whose value is stored nowhere.",
)
def rotate_lookup(wait: float | None, forget_unknown: bool) -> None:
    """Make every look-up hash anew under another look-up key, in a stop.

    Before: stop workers and scheduler. Web processes may run: they answer 503 to webhooks, and Meta
    delivers them again. Safe to repeat after a kill: it goes on where it was, and until its end
    nothing can be looked up.
    """
    from gatte.infra.database import engine
    from gatte.operations import lookup_key_rotation as rotation

    seconds = rotation.WAIT_SECONDS if wait is None else wait
    beside = engine.unpooled_engine(services.settings(), "keys")
    try:
        done = rotation.rotate(beside, click.echo, wait=seconds, forget_unknown=forget_unknown)
    except rotation.RotationRefused as refusal:
        raise click.ClickException(str(refusal)) from None
    for table, count in sorted(done.changed.items()):
        lost = done.unknown.get(table, 0)
        click.echo(f"{table}: {count} made anew" + (f", {lost} that nobody can" if lost else ""))
    click.echo("The look-up key before is destroyed. Start workers and scheduler again.")


@keys.command("status")
def show_status() -> None:
    """Show what each master key wraps, its nonces, and how far the last rotation got."""
    from gatte.store import data_keys

    ring = services.keyring().master.ids
    for use in data_keys.list_use(ring):
        role = "encrypts" if use.master_key_id == ring[0] else "opens"
        if use.master_key_id not in ring:
            role = "MISSING from GATTE_ENCRYPTION_KEYS"
        share = use.nonces / data_keys.MOST_NONCES
        click.echo(
            f"{use.master_key_id}: {role}, wraps {use.data_keys} data keys,"
            f" {use.nonces} nonces ({share:.4%} of what one key may use)"
        )
    latest = data_keys.latest_rotation()
    if latest is None:
        click.echo("No rotation yet.")
        return
    ended = (
        f"finished {latest.finished_at:%Y-%m-%d %H:%M} UTC" if latest.finished_at else "not done"
    )
    click.echo(
        f"Last rotation: to {latest.master_key_id}, {latest.wrapped_again} wrapped again, begun"
        f" {latest.started_at:%Y-%m-%d %H:%M} UTC, {ended}."
    )


@keys.command("retire")
@click.argument("key_id")
def retire(key_id: str) -> None:
    """Say that a master key may be taken out of GATTE_ENCRYPTION_KEYS; exit code 1 while anything
    needs it.

    Older backups still need it: keep it in a safe as long as these.
    """
    from gatte.operations import master_key_rotation as rotation
    from gatte.store import audit

    try:
        rotation.require_retirable(key_id)
    except rotation.KeyStillNeeded as reason:
        raise click.ClickException(str(reason)) from None
    audit.record(None, "master_key_retired", f"master_key:{key_id}")
    db.session.commit()
    click.echo(
        f"Nothing here needs {key_id}: take it out of GATTE_ENCRYPTION_KEYS and restart. "
        "Keep a copy in a safe as long as there are backups from before the rotation."
    )
