"""Backups: made and encrypted here, kept elsewhere, proved by restoring them.

Two kinds. A `dump` is one moment of the database, portable to any server of its version or a newer
one. A `base` is a copy of the whole server (of Postgres' own tools), from which the archived WAL
leads to any later moment. Both are encrypted to `GATTE_BACKUP_RECIPIENT` while they are made, so
no plain copy lies on a disk, and only the identity, which this installation does not have, opens
them. A backup counts once its `manifest.json` is written, which is last.

Start reading at `dump.create`. May import `turns`, `desk` and everything below. Callers commit.
"""


class BackupFailed(Exception):
    """A backup could not be made, proved or restored; the message says why, and what to do."""
