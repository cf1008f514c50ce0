"""The demo's report: one HTML page that needs nothing but itself."""

from __future__ import annotations

import importlib.resources
import string
from pathlib import Path

from gleam.demo.findings import Story
from gleam.demo.sections_figures import (
    footer,
    headline,
    notes_section,
    score_section,
    time_section,
    training_section,
)
from gleam.demo.sections_photos import explained_section, map_section, photo_section
from gleam.files import atomic_write


def write_report(story: Story, path: Path) -> None:
    """Write the page for ``story`` to ``path``.

    Pictures travel inside the page, all text is escaped, there is no script, and the content policy
    forbids every request; so the file can be mailed, opened offline and trusted.

    Raises:
        GleamError: The file cannot be written.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(render(story), encoding="utf-8")


def render(story: Story) -> str:
    """Return the page as text."""
    sections = (
        map_section(story),
        photo_section(story),
        explained_section(story),
        score_section(story),
        training_section(story),
        time_section(story),
        notes_section(story),
    )
    body = f"{headline(story)}<main>{''.join(sections)}</main>{footer(story)}"
    template = (importlib.resources.files("gleam.demo") / "report.html").read_text(encoding="utf-8")
    return string.Template(template).substitute(body=body)
