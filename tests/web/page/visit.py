"""One window on the page, and what a user does in it."""

import base64
import os
from pathlib import Path
from typing import Any

ANSWERED = "#answer .claim"
WAIT_MS = 1000 * int(os.environ.get("GLEAM_PAGE_WAIT_S", "60"))
"""Longer than any step takes on a machine that has time; only a failure waits so long."""

_DROP = """([files]) => {
  const carried = new DataTransfer();
  for (const { name, type, data } of files) {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type }));
  }
  const target = document.getElementById("map");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
  }
}"""


class Visit:
    """A window. complaints: errors of the console and of scripts. strangers: requests to other servers.

    expected: parts of complaints that a test provokes.
    """

    def __init__(
        self, browser: Any, url: str, path: str, *, width: int = 1200, height: int = 760, **context: Any
    ) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.expected: list[str] = []
        options = {"locale": "en-US", "reduced_motion": "reduce", **context}
        self.context = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)
        self.go(path)

    def go(self, path: str, ready: bool = True) -> None:
        """Open a path of the server."""
        self.page.goto(self.url + path)
        if ready:
            self.page.wait_for_selector("body[data-ready]")

    def drop(self, *files: Path | tuple[str, bytes]) -> None:
        """Drop files on the map, as from a file manager."""
        read = [(f.name, f.read_bytes()) if isinstance(f, Path) else f for f in files]
        listed = [
            {"name": name, "type": "image/jpeg", "data": base64.b64encode(data).decode()}
            for name, data in read
        ]
        self.page.evaluate(_DROP, [listed])

    def locate(self, photo: Path) -> None:
        """Drop a photo and wait for its answer."""
        self.drop(photo)
        self.page.wait_for_selector(ANSWERED)

    def words(self, key: str) -> str:
        """Return what a dictionary key says in the language of the page."""
        said: str = self.page.evaluate("async (key) => (await import('/static/page/text.js')).t(key)", key)
        return said

    def text(self, selector: str) -> str:
        """Return the visible text of the first match."""
        return str(self.page.locator(selector).first.inner_text()).strip()

    def close(self) -> None:
        """Close the window."""
        self.context.close()

    def _heard(self, message: Any) -> None:
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.complaints.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.strangers.append(request.url)
