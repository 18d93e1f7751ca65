"""A real browser for tests of pages; where there is none, the test is skipped with the reason."""

import shutil
from contextlib import contextmanager

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
# nothing of the browser's own may go to the network; software draws where there is no graphics card
QUIET = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader")  # fmt: skip


@contextmanager
def browser():
    """A headless Chromium by Playwright."""
    place = next((p for p in map(shutil.which, NAMES) if p), None)
    if place is None:
        pytest.skip("Chromium is not installed")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as p:
        started = p.chromium.launch(executable_path=place, args=list(QUIET))
        try:
            yield started
        finally:
            started.close()


class Watched:
    """A page of a browser that notes what went wrong and what was asked for."""

    def __init__(self, started, width, dark=False):
        self.page = started.new_page(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        self.page.set_default_timeout(180_000)  # a busy machine is slow, not wrong
        self.errors, self.requests = [], []
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url))

    @property
    def elsewhere(self):
        """Requests that left the machine's own files."""
        return [r for r in self.requests if not r.startswith(("file:", "data:", "blob:"))]

    def draw_all(self):
        """Have every figure drawn that can be seen; how many there are."""
        self.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        self.page.wait_for_function(
            "[...document.querySelectorAll('.plot')].filter(p => p.offsetParent)"
            ".every(p => p.querySelector('.main-svg'))"
        )
        return self.page.evaluate("document.querySelectorAll('.plot .svg-container').length")

    @property
    def overflow(self):
        """Pixels by which the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
