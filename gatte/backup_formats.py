"""The forms that the settings of backups have; see `setting_formats`."""

import re
from pathlib import Path

BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.=/-]*)?", re.ASCII)


def backup_destination(spelled: str) -> str:
    """A folder, a bucket of S3 with or without a prefix, or none."""
    if not spelled or BUCKET.fullmatch(spelled):
        return spelled.rstrip("/")
    if "://" in spelled:
        raise ValueError("must be s3://bucket, s3://bucket/prefix, or the path of a folder")
    if not Path(spelled).is_absolute():
        raise ValueError("must be s3://bucket/prefix, or the path of a folder that begins with /")
    if Path(spelled).is_file():
        raise ValueError("must be a folder, and this is a file")
    return spelled.rstrip("/")


def backup_recipient(spelled: str) -> str:
    """Public keys of age parted by commas, or none."""
    for one in recipient_list(spelled):
        _check_recipient(one)
    return spelled


def recipient_list(spelled: str) -> list[str]:
    """The public keys, one by one."""
    return [part.strip() for part in spelled.split(",") if part.strip()]


def _check_recipient(spelled: str) -> None:
    # here, since only installations with backups need it
    import pyrage

    if spelled.startswith("AGE-SECRET-KEY"):
        raise ValueError("is a secret identity: give the public key, which begins with age1")
    try:
        pyrage.x25519.Recipient.from_str(spelled)
    except pyrage.RecipientError:
        raise ValueError("must be a public key of age (age1...): flask backup keygen") from None


def backup_folders(spelled: str) -> str:
    """Paths of folders parted by commas, each beginning with /, or none."""
    for one in folder_list(spelled):
        if not one.is_absolute():
            raise ValueError("must be paths of folders that begin with /, parted by commas")
    return spelled


def folder_list(spelled: str) -> list[Path]:
    """The folders, one by one."""
    return [Path(part.strip()) for part in spelled.split(",") if part.strip()]
