"""The forms that the settings of customers' files have; see `setting_formats`."""

from pathlib import Path

from gatte.backup_formats import BUCKET

KINDS = ("image", "audio", "video", "document", "sticker")


def media_place(spelled: str) -> str:
    """A folder, a bucket of S3 with or without a prefix, or nothing for the usual folder."""
    if BUCKET.fullmatch(spelled):
        return spelled.rstrip("/")
    if "://" in spelled:
        raise ValueError("must be s3://bucket, s3://bucket/prefix, or the path of a folder")
    if Path(spelled).is_file():
        raise ValueError("must be a folder, and this is a file")
    return spelled


def media_kinds(spelled: str) -> str:
    """Kinds of files parted by commas, or `none`."""
    unknown = [one for one in kind_list(spelled) if one not in KINDS]
    if unknown:
        raise ValueError(f"must be of {', '.join(KINDS)}, parted by commas, or none")
    return spelled


def kind_list(spelled: str) -> list[str]:
    """The kinds, one by one."""
    if spelled.strip() == "none":
        return []
    return [part.strip() for part in spelled.split(",") if part.strip()]
