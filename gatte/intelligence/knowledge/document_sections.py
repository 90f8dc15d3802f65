"""A document cut into sections: Markdown, plain text, HTML, Word, PDF, CSV.

Run as a program it reads the document from its standard input and writes JSON: documents come from
anywhere, so `document_import.py` has them read by a process of its own, with limits of memory and
time. Nothing here opens another file or a connection.
"""

import csv
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum

MOST_PAGES = 200
MOST_SECTIONS = 1_000
MOST_UNPACKED_BYTES = 40 * 1024 * 1024
MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 15
LONGEST_HEADING = 160
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary"})
BLOCKS = frozenset({"p", "li", "td", "th", "dd", "blockquote", "pre"})
IGNORED = "script, style, noscript, template, iframe, object, svg, nav, header, footer, form"
COLUMNS = {
    "title": ("titulo", "título", "title"),
    "question": ("pergunta", "question"),
    "answer": ("resposta", "answer", "texto", "text"),
    "short": ("curta", "resposta curta", "short"),
    "topic": ("assunto", "topic"),
    "source": ("fonte", "source"),
    "valid_from": ("valido_de", "válido de", "valid_from"),
    "valid_to": ("valido_ate", "válido até", "valid_to"),
    "asks": ("jeitos", "asks"),
}


class UnreadableDocument(Exception):
    """The document is damaged, locked, too large, or not of its kind."""


class DocumentKind(StrEnum):
    """How a document is read, by the end of its name."""

    MARKDOWN = "md"
    TEXT = "txt"
    HTML = "html"
    WORD = "docx"
    PDF = "pdf"
    CSV = "csv"


@dataclass
class Section:
    """A heading with the paragraphs below it; a row of a CSV has its cells in `fields` instead."""

    title: str
    paragraphs: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


def sections_of(kind: DocumentKind, content: bytes) -> list[Section]:
    """The sections of a document in their order; UnreadableDocument."""
    found: list[Section] = []
    for section in READERS[kind](content):
        found.append(section)
        if len(found) >= MOST_SECTIONS:
            break
    return found


def _markdown(content: bytes) -> Iterator[Section]:
    from markdown_it import MarkdownIt

    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(_decoded(content))
    return _sections_of_html(rendered)


def _html(content: bytes) -> Iterator[Section]:
    return _sections_of_html(_decoded(content))


def _sections_of_html(text: str) -> Iterator[Section]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text)
    for unwanted in tree.css(IGNORED):
        unwanted.decompose()
    section = Section("")
    for node in tree.css(", ".join(sorted(HEADINGS | BLOCKS))):
        words = _one_line(node.text(separator=" "))
        if not words or _is_inside_another(node):
            continue
        if node.tag in HEADINGS or _is_bold_question(node, words):
            yield section
            section = Section(words[:LONGEST_HEADING])
        else:
            section.paragraphs.append(words)
    yield section


def _is_inside_another(node) -> bool:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Whether a block stands in a block that is read whole: a paragraph in a list row."""
    parent = node.parent
    while parent is not None:
        if parent.tag in BLOCKS:
            return True
        parent = parent.parent
    return False


def _is_bold_question(node, words: str) -> bool:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Whether a paragraph is a heading in bold, as people write them in Word."""
    if node.tag != "p" or len(words) > LONGEST_HEADING:
        return False
    bold = "".join(part.text() for part in node.css("strong, b"))
    return bool(bold) and _one_line(bold) == words


def _word(content: bytes) -> Iterator[Section]:
    import mammoth

    _require_small_zip(content)
    no_images = mammoth.images.img_element(lambda _image: {})
    try:
        made = mammoth.convert_to_html(io.BytesIO(content), convert_image=no_images)
    except (ValueError, KeyError, LookupError, zipfile.BadZipFile, OSError) as error:
        raise UnreadableDocument("the file is no Word document (.docx)") from error
    return _sections_of_html(made.value)


def _require_small_zip(content: bytes) -> None:
    """UnreadableDocument unless this is a zip whose files are small when unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(one.file_size for one in packed.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableDocument("the file is no Word document (.docx)") from error
    if unpacked > MOST_UNPACKED_BYTES:
        raise UnreadableDocument("the document is too large when it is unpacked")


def _pdf(content: bytes) -> Iterator[Section]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableDocument("the PDF is locked with a password")
        if len(reader.pages) > MOST_PAGES:
            raise UnreadableDocument(f"the PDF has more than {MOST_PAGES} pages")
        text = "\n".join(page.extract_text() for page in reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableDocument("the PDF is damaged") from error
    if not text.strip():
        raise UnreadableDocument("the PDF holds images only: there is no text to read")
    return _sections_of_lines(text)


def _text(content: bytes) -> Iterator[Section]:
    return _sections_of_lines(_decoded(content))


def _sections_of_lines(text: str) -> Iterator[Section]:
    """Lines that ask, or stand before an empty line and are short, are headings; lines between
    empty ones are a paragraph.
    """
    section = Section("")
    paragraph: list[str] = []
    lines = [line.strip() for line in text.splitlines()]
    for place, line in enumerate(lines):
        is_heading = _is_heading(line, lines[place - 1] if place else "")
        if (is_heading or not line) and paragraph:
            section.paragraphs.append(" ".join(paragraph))
            paragraph = []
        if is_heading:
            yield section
            section = Section(line.lstrip("#").strip()[:LONGEST_HEADING])
        elif line:
            paragraph.append(line)
    if paragraph:
        section.paragraphs.append(" ".join(paragraph))
    yield section


def _is_heading(line: str, before: str) -> bool:
    if not line or len(line) > LONGEST_HEADING:
        return False
    if line.startswith("#"):
        return True
    begins = before == "" or before.endswith((".", "!", ":", ";", "?"))
    asks = line.endswith("?") and line[:1].isupper()
    is_numbered = re.match(r"^\d+(?:\.\d+)*[.)]?\s+[A-ZÀ-Ú]", line) is not None
    short = len(line) <= 60
    return begins and (asks or (is_numbered and short and not line.endswith((".", ";", ","))))


def _csv(content: bytes) -> Iterator[Section]:
    text = _decoded(content)
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    names = {_one_line(name or "").casefold(): name for name in rows.fieldnames or []}
    known = {
        field_name: names[spelled]
        for field_name, spellings in COLUMNS.items()
        for spelled in spellings
        if spelled in names
    }
    if "answer" not in known or not {"title", "question"} & known.keys():
        raise UnreadableDocument(
            "the first row of the CSV must name the columns pergunta and resposta"
        )
    try:
        for row in rows:
            cells = {name: (row.get(column) or "").strip() for name, column in known.items()}
            title = cells.get("title") or cells.get("question", "")
            yield Section(title, fields=cells)
    except csv.Error as error:
        raise UnreadableDocument(f"line {rows.line_num} of the CSV cannot be read") from error


def _decoded(content: bytes) -> str:
    """The text of a file in UTF-8, or as old spreadsheets of Windows write it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise UnreadableDocument("the file is not a text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _one_line(text: str) -> str:
    return " ".join(text.split())


READERS: dict[DocumentKind, Callable[[bytes], Iterator[Section]]] = {
    DocumentKind.MARKDOWN: _markdown,
    DocumentKind.TEXT: _text,
    DocumentKind.HTML: _html,
    DocumentKind.WORD: _word,
    DocumentKind.PDF: _pdf,
    DocumentKind.CSV: _csv,
}


def main() -> None:
    """Read a document of the kind that the first argument names, within the limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    content = sys.stdin.buffer.read()
    try:
        found = sections_of(DocumentKind(sys.argv[1]), content)
        answer: dict[str, object] = {"sections": [asdict(one) for one in found]}
    except UnreadableDocument as error:
        answer = {"problem": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
