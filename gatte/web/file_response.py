"""Files of customers as answers of HTTP: nothing of them may run in a browser."""

from collections.abc import Iterator
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import dump_options_header

from gatte.media.file_types import UNKNOWN_MIME_TYPE

# https://www.w3.org/TR/CSP3/: opened as a page, a file has no origin, no scripts and no addresses
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


def inline_response(content: Iterator[bytes], size: int, mime_type: str) -> Response:
    """A file that a page shows: a picture of our own making, or a sound; browsers ask for sounds a
    range at a time.
    """
    response = _response(content, size, mime_type)
    response.headers["Content-Disposition"] = "inline"
    response.make_conditional(request, accept_ranges=True, complete_length=size)
    return response


def attachment_response(content: Iterator[bytes], size: int, name: str) -> Response:
    """A file to be saved under a name, of no type that a browser would open."""
    response = _response(content, size, UNKNOWN_MIME_TYPE)
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    options = {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}
    response.headers["Content-Disposition"] = dump_options_header("attachment", options)
    return response


def _response(content: Iterator[bytes], size: int, mime_type: str) -> Response:
    response = Response(content, mimetype=mime_type)
    response.content_length = size
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response
