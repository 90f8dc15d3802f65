"""Forms as browsers send them, with the line breaks that everybody else uses."""

from typing import IO

from flask import Flask
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser

ParsedForm = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


class LineBreakFormParser(FormDataParser):
    """Reads a form; the line breaks of its texts, which HTML sends as CR LF, become LF."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> ParsedForm:
        """What werkzeug reads, with plain line breaks in the texts; files stay as they are."""
        stream, form, files = super().parse(stream, mimetype, content_length, options)
        pairs = [(name, normalize_line_breaks(text)) for name, text in form.items(multi=True)]
        return stream, self.cls(pairs), files


def init_app(app: Flask) -> None:
    """Let an application read its forms with plain line breaks, beside what its requests can do."""
    own = {"form_data_parser_class": LineBreakFormParser}
    app.request_class = type("FormRequest", (app.request_class,), own)


def normalize_line_breaks(text: str) -> str:
    """A text in which every line ends with LF alone."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
