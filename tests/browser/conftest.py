"""A real browser over the real system: web, worker and scheduler in processes of their own."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import process_system
from tests.process_system import System

expect.set_options(timeout=20_000)  # a busy machine is no failure
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "uma senha comprida"
PEOPLE = {
    "ana@empresa.example": ("Ana Ribeiro", "admin"),
    "bruno@empresa.example": ("Bruno Castro", "agent"),
}
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
COOKIES: dict[tuple[str, str], list[Any]] = {}
"""Of each person who logged in, by system."""
SHOTS = os.environ.get("GATTE_SCREENSHOTS")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "complains: the browser's console has reason to complain in this test"
    )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def system(tmp_path_factory, database_url, redis_url) -> Iterator[System]:
    """The whole system with local models and the simulator, the demo articles and two people."""
    folder = tmp_path_factory.mktemp("system")
    environment = process_system.settings(database_url, redis_url, GATTE_QUIET_SECONDS="0.5")
    process_system.prepare(environment)
    for email, (name, role) in PEOPLE.items():
        create_user(environment, email, name, role)
    with process_system.running(folder, environment) as started:
        yield started


def create_user(environment: dict[str, str], email: str, name: str, role: str) -> None:
    command = [
        str(process_system.BIN / "flask"),
        "users",
        "create",
        email,
        "--name",
        name,
        "--role",
        role,
        "--password",
        PASSWORD,
        "--keep-password",
    ]
    kept = {
        name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TZ"}
    }
    subprocess.run(
        command,
        cwd=process_system.PROJECT,
        env={**kept, **environment},
        check=True,
        capture_output=True,
    )


@pytest.fixture
def open_window(
    request: pytest.FixtureRequest, chromium: Browser, system: System
) -> Iterator[Callable[..., Page]]:
    """Opens a window of its own (cookies too); what its console complains of fails the test, unless
    it is marked `complains`.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(size: dict[str, int] = WIDE, **more: object) -> Page:
        context = chromium.new_context(viewport=size, base_url=system.url, locale="pt-BR", **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if is_complaint(message.type, message.text)
                else None
            ),
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    if request.node.get_closest_marker("complains") is None:
        assert complaints == []


def is_complaint(kind: str, text: str) -> bool:
    """Errors and warnings, but for answers that a test asks for (a refusal is an error to the
    console too).
    """
    return kind in {"error", "warning"} and "the server responded with a status of 4" not in text


def log_in(page: Page, email: str = "ana@empresa.example") -> Page:
    """Log in, first by hand, then with the cookies of that time, since logins are limited."""
    page.goto("/panel/login")
    kept = COOKIES.get((urlsplit(page.url).netloc, email))
    if kept is not None:
        page.context.add_cookies(kept)
        page.goto("/panel/sessoes")
        return page
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.wait_for_url("**/panel/sessoes")
    COOKIES[(urlsplit(page.url).netloc, email)] = page.context.cookies()
    return page


@pytest.fixture
def agent(open_window: Callable[..., Page]) -> Page:
    """Ana's window, logged in."""
    return log_in(open_window())


def shot(page: Page, name: str) -> None:
    """Keep a picture when GATTE_SCREENSHOTS names a folder."""
    if SHOTS:
        size = page.viewport_size or WIDE
        page.screenshot(path=str(Path(SHOTS) / f"{name}-{size['width']}.png"))


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return int(
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )
