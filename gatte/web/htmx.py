"""How a view answers: the whole page, or to htmx only the blocks that it needs, all out of one
template.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template
from htmx_flask import request
from markupsafe import Markup

NO_CHANGE = 204
LIVE_HEADER = "X-Live"
BLOCK_VERSION = re.compile(r"([a-z][a-z_]*)=([0-9a-f]{16})")


def render(
    template: str,
    block: str | None = None,
    *,
    status: int = 200,
    **context: Any,  # noqa: ANN401 - what the template wants
) -> Response:
    """The whole page, or that block alone to htmx."""
    if block is None or not is_htmx_request():
        return _answer(render_template(template, **context), status)
    return _answer(_blocks(template, (block,), context)[block], status)


def render_changed_blocks(
    template: str,
    *blocks: str,
    status: int = 200,
    **context: Any,  # noqa: ANN401 - what the template wants
) -> Response:
    """The whole page, or to htmx those live blocks that differ from what the browser shows; 204
    when none does.

    A live block holds one `live.region` (components/live.html) with the block's name as id. The
    browser sends the versions that it shows in the header X-Live.
    """
    if not is_htmx_request():
        return _answer(render_template(template, **context), status)
    shown = dict(BLOCK_VERSION.findall(request.headers.get(LIVE_HEADER, "")))
    rendered = _blocks(template, blocks, context)
    changed = [html for name, html in rendered.items() if shown.get(name) != _versions().get(name)]
    return _answer("".join(changed), status if changed else NO_CHANGE)


def is_htmx_request() -> bool:
    """Whether this request wants a part of a page; htmx restoring its history wants a whole one."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def region_version(name: str, inner: Markup) -> str:
    """A short hash of what a live region shows, noted for `render_changed_blocks`."""
    version = hashlib.blake2b(inner.encode(), digest_size=8).hexdigest()
    _versions()[name] = version
    return version


def init_app(app: Flask) -> None:
    """Give templates what they need of this module, and addresses of static files their hash."""
    app.jinja_env.globals["live_version"] = region_version
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.url_defaults(_add_content_hash)


def content_hash(filename: str) -> str | None:
    """The first 12 hex digits of a static file's SHA-256; None when there is no such file."""
    path = Path(current_app.static_folder or "") / filename
    return _hash_of(path, path.stat().st_mtime_ns) if path.is_file() else None


def _add_content_hash(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "filename" in values:
        values.setdefault("v", content_hash(values["filename"]))


_hashes: dict[tuple[Path, int], str] = {}


def _hash_of(path: Path, changed: int) -> str:
    if (path, changed) not in _hashes:
        _hashes[path, changed] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return _hashes[path, changed]


def _versions() -> dict[str, str]:
    if "live_versions" not in g:
        g.live_versions = {}
    return g.live_versions  # type: ignore[no-any-return]


def _blocks(template: str, names: tuple[str, ...], context: dict[str, Any]) -> dict[str, str]:
    """Blocks of a template by name, each rendered by itself."""
    current_app.update_template_context(context)
    page = current_app.jinja_env.get_template(template)
    inner = page.new_context(context)
    return {name: "".join(page.blocks[name](inner)) for name in names}


def _answer(body: str, status: int) -> Response:
    response = make_response(body, status)
    response.vary.add("HX-Request")
    return response
