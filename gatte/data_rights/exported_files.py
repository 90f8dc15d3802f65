"""The files that a person sent, beside the copy of their data."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from gatte.media import file_types, sealed_files
from gatte.media.sealed_files import MediaUnreadable
from gatte.models import MediaFile
from gatte.store import media_files

FOLDER = "arquivos"
UNREADABLE_NOTE = "nao-foi-possivel-ler.txt"


@dataclass(frozen=True)
class ExportedFile:
    """A stored file, and its name within the copy."""

    row: MediaFile
    name: str


def list_files(contact_id: UUID) -> list[ExportedFile]:
    """The files of a contact that are here, the oldest first, each with a name of its own."""
    files = []
    for number, row in enumerate(media_files.list_stored_of_contact(contact_id), 1):
        name = file_types.download_name(row.filename, row.mime_type, row.kind.value)
        files.append(ExportedFile(row, f"{FOLDER}/{number:04d}-{name}"))
    return files


def read_files(contact_id: UUID) -> Iterator[tuple[str, bytes | None]]:
    """Name and content of each file, one at a time; None for one that cannot be read now."""
    for file in list_files(contact_id):
        try:
            yield file.name, sealed_files.read_whole(file.row)
        except MediaUnreadable:
            yield file.name, None


def write_beside(contact_id: UUID, output: Path) -> tuple[int, list[str]]:
    """Write the files into a folder beside the copy at `output`, for its owner alone to read; how
    many, and the names of those that cannot be read now.
    """
    written = 0
    unreadable = []
    for name, content in read_files(contact_id):
        if content is None:
            unreadable.append(name)
            continue
        place = output.parent / name
        place.parent.mkdir(mode=0o700, exist_ok=True)
        place.touch(mode=0o600)
        place.write_bytes(content)
        written += 1
    return written, unreadable


def make_archive(contact_id: UUID, texts: Mapping[str, str]) -> IO[bytes]:
    """A ZIP archive of these texts (by name) and the person's files, to be read from its beginning;
    what cannot be read now is named in a note of its own. The caller closes it.
    """
    archive = TemporaryFile()  # noqa: SIM115 - it is handed on open
    unreadable = []
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in texts.items():
            packed.writestr(name, text)
        for name, content in read_files(contact_id):
            if content is None:
                unreadable.append(name)
            else:
                packed.writestr(name, content)
        if unreadable:
            packed.writestr(UNREADABLE_NOTE, "\n".join(unreadable))
    archive.seek(0)
    return archive
