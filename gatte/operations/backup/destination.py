"""Where backups lie: a folder, or a bucket of S3 or of anything that speaks as S3 does."""

from gatte.infra.object_storage import BucketAccess, ObjectStorage
from gatte.operations.backup import BackupFailed
from gatte.settings import Settings


class NoDestination(BackupFailed):
    """GATTE_BACKUP_DESTINATION is empty: there are no backups."""


class DestinationUnavailable(BackupFailed):
    """The destination cannot be read or written; the message has its own words."""


class BackupDestination(ObjectStorage):
    """A place for backups."""

    unavailable = DestinationUnavailable
    setting = "GATTE_BACKUP_DESTINATION"


def open_destination(settings: Settings) -> BackupDestination:
    """The destination of the settings. NoDestination, DestinationUnavailable."""
    if not settings.gatte_backup_destination:
        raise NoDestination(
            "GATTE_BACKUP_DESTINATION is empty: name a folder or s3://bucket/prefix"
        )
    access = BucketAccess(
        settings.gatte_backup_s3_endpoint,
        settings.gatte_backup_s3_region,
        settings.gatte_backup_s3_access_key_id,
        settings.gatte_backup_s3_secret_access_key.get_secret_value(),
    )
    return BackupDestination.open(settings.gatte_backup_destination, access)
