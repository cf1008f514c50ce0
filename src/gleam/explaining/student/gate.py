"""The last check before a text is shown: it must say what was decided, and nothing else."""

from __future__ import annotations

from gleam.explaining.scene.statements import Reading, read_statements
from gleam.explaining.student.saying import Saying
from gleam.explaining.verdict import Language

FEWEST_CHARACTERS = {"en": 60, "zh": 20}
_CHINESE = range(0x4E00, 0xA000)


def faults(text: str, saying: Saying, language: Language) -> list[str]:
    """Return what is wrong with a text, empty when it may be shown.

    Read back, it must conclude what was decided, state at least half of what was to be said, and state no
    value, denial, agreement or difference beyond it. It must be in the language asked for.
    """
    found = []
    chinese = sum(ord(c) in _CHINESE for c in text)
    if len(text) < FEWEST_CHARACTERS[language] or "�" in text:
        found.append("it is broken off")
    if (language == "zh") != (chinese > 0.3 * max(1, len(text))) or (language == "en" and chinese):
        found.append("it is in another language")
    reading = read_statements(text, language)
    if reading.verdict is not saying.verdict:
        found.append("its verdict is another")
    found += _strange(reading, saying)
    said = len(reading.query) + len(reading.tile)
    if 2 * said < len(saying.query) + len(saying.tile):
        found.append("it leaves most unsaid")
    return found


def _strange(reading: Reading, saying: Saying) -> list[str]:
    found = []
    allowed = {"query": saying.query, "tile": saying.tile}
    for said in reading.statements:
        right = allowed[said.picture].get(said.attribute)
        if said.denied:
            # Denying another value is true when the value is known.
            if right is None or right == said.value:
                found.append(f"it denies {said.attribute} {said.value or 'at all'} of the {said.picture}")
        elif said.value != right:
            found.append(f"it states {said.attribute} {said.value} of the {said.picture}")
    found += [f"it calls {name} different" for name in sorted(reading.differences - saying.differ)]
    alike = {n for n, v in saying.query.items() if saying.tile.get(n) == v} | saying.agree
    found += [f"it calls {name} alike" for name in sorted(reading.agreements - alike)]
    return found
