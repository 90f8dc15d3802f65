"""Files whose row is gone (erased, deleted by the customer, expired): what lies of them in the
media storage is removed. The transactions that delete rows wait for no storage.
"""

from collections.abc import Iterator

from gatte import services
from gatte.media import sealed_files
from gatte.store import media_files

FILES_AT_ONCE = 200


def remove_orphans() -> Iterator[int]:
    """Remove files some at a time, and forget those that cannot be written again; how many, at each
    step. The caller commits each step. ObjectStorageUnavailable when the storage is away.
    """
    storage = sealed_files.open_storage(services.settings())
    after = None
    while file_ids := media_files.list_orphans(after, FILES_AT_ONCE):
        after = file_ids[-1]
        sealed_files.remove(storage, list(file_ids))
        media_files.forget_orphans(file_ids)
        yield len(file_ids)
