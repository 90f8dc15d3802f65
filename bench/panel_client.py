"""A person's browser at the panel, as far as a bench needs one: logs in over HTTP and opens the
page it is led to.
"""

import re
import statistics
import time
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

from bench.checkout import Checkout

EMAIL, PASSWORD = "medida@empresa.example", "uma senha bem comprida"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
FORM = re.compile(r'<form[^>]*action="([^"]*)"')


@dataclass(frozen=True)
class Browser:
    """A logged-in session, and the page to which `/` leads."""

    client: httpx.Client
    page: str

    def open_page(self, times: int) -> float:
        """Open the page so many times; the median of milliseconds until its answer is whole."""
        spent = []
        for _ in range(times):
            started = time.perf_counter()
            self.client.get(self.page).raise_for_status()
            spent.append((time.perf_counter() - started) * 1000)
        return statistics.median(spent)


def add_person(code: Checkout, settings: dict[str, str]) -> None:
    """A person who may log in."""
    named = ("users", "create", EMAIL, "--name", "Medida", "--role", "admin")
    given = {"GATTE_USER_PASSWORD": PASSWORD, "GATTE_USER_KEEP_PASSWORD": "1"}
    code.flask(settings | given, *named)


def logged_in(url: str) -> Browser:
    """A browser of that person; RuntimeError when the panel does not let it in."""
    client = httpx.Client(base_url=url, follow_redirects=True, timeout=30)
    login = client.get("/")
    token, form = TOKEN.search(login.text), FORM.search(login.text)
    target = urljoin(str(login.url), form[1] if form else "")
    values = {"csrf_token": token[1] if token else "", "email": EMAIL, "password": PASSWORD}
    client.post(target, data=values).raise_for_status()
    page = client.get("/")
    if page.status_code != 200 or page.url == login.url:
        raise RuntimeError(f"no login: {page.status_code} {page.url}")
    return Browser(client, str(page.url))
