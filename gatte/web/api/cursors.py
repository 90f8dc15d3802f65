"""Keyset pages: a cursor carries the sort values of the last item, signed, so that a page costs as
much at any depth and nobody makes cursors of their own.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer

from gatte import services
from gatte.web.api.schema import PageQuery
from gatte.web.problems import Problem

Row = TypeVar("Row")
FIRST_PAGE_ONLY = ("cursor", "limit")


def read_cursor(page: PageQuery) -> list[Any] | None:
    """The sort values behind which the page begins; None for the first page. A Problem (400) when
    the cursor is not one of this list with these filters.
    """
    if page.cursor is None:
        return None
    try:
        values: list[Any] = _serializer().loads(page.cursor)
    except BadSignature:
        raise Problem(
            400,
            "This cursor is not one of this list with these filters: begin with the first page.",
            kind="bad-cursor",
        ) from None
    return values


def cut_page(
    found: Sequence[Row], page: PageQuery, key: Callable[[Row], list[Any]]
) -> tuple[Sequence[Row], str | None]:
    """The rows of a page and the cursor of the next, out of one row more than the page may hold;
    `key` gives the sort values of a row.
    """
    shown = found[: page.limit]
    if len(found) <= page.limit:
        return shown, None
    return shown, str(_serializer().dumps(key(shown[-1])))


def _serializer() -> URLSafeSerializer:
    """Signs for this list with these filters alone."""
    pairs = sorted(request.args.items(multi=True))
    filters = [pair for pair in pairs if pair[0] not in FIRST_PAGE_ONLY]
    path = request.path
    newest_last = list(reversed(services.settings().secret_keys))
    return URLSafeSerializer(newest_last, salt=f"cursor {path} {filters}")
