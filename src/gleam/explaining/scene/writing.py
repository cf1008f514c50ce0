"""Writing explanations from the facts of two places, in English and Chinese: true ones, and wrong ones.

Every value that a true one says is one of the attributes given: see :mod:`.plan`. :mod:`.statements`
reads all of it back.
"""

from __future__ import annotations

import random

from gleam.errors import GleamError, unknown_name
from gleam.explaining.scene.mistakes import MISTAKES
from gleam.explaining.scene.plan import Values, make_plan
from gleam.explaining.scene.wording import put_into_words
from gleam.views import View

ERRORS: tuple[str, ...] = tuple(MISTAKES)
"""The kinds of wrong explanations."""
_TRIES = 40
"""Plans differ in what they say, so a kind of error may fit the next one."""


def write_explanation(
    query: Values, tile: Values, match: bool, language: str, *, view: View, rng: random.Random
) -> str:
    """Write why two pictures show one place, or do not.

    Args:
        query: Attributes of the query's place, see :func:`gleam.explaining.scene.attributes.attributes_of`.
        tile: Those of the tile's place.
        match: Whether both are one place.
        language: ``en`` or ``zh``.
        view: The query's view: what it cannot show is not said of it.
        rng: Chooses what is said and how.

    Returns:
        40 to 110 English words, or Chinese text of like length; the verdict comes last.

    Raises:
        GleamError: No such language.
    """
    what, how = _dice(rng), _dice(rng)
    return put_into_words(make_plan(query, tile, match, view, what), language, view, how)


def write_wrong_explanation(
    query: Values, tile: Values, match: bool, language: str, *, view: View, rng: random.Random, error: str
) -> tuple[str, str]:
    """Write an explanation that is wrong in one way.

    Args:
        query: Attributes of the query's place. tile: those of the tile's.
        tile: Attributes of the tile's place.
        match: Whether both are one place.
        language: ``en`` or ``zh``.
        view: The query's view.
        rng: Chooses what is said and how.
        error: One of ``ERRORS``: ``negated_verdict`` (true evidence, the opposite verdict),
            ``wrong_value`` (one value of one picture), ``invented`` (water, a railway, a bridge or a facility
            where there is none), ``denied`` (what is there said not to be), ``swapped`` (the pictures'
            values exchanged), ``wrong_reasons`` (right verdict, several wrong values), ``wrong_difference``
            (said to differ where they agree).

    Returns:
        The text, and in English what is wrong with it.

    Raises:
        GleamError: No such error, or it cannot be made with these places: see :func:`possible_errors`.
    """
    if error not in MISTAKES:
        raise unknown_name("kind of error", error, ERRORS)
    # As in a true text of the same dice, so that the two differ in the error and little else.
    what, how, wrong = _dice(rng), _dice(rng), _dice(rng)
    for _ in range(_TRIES):
        made = MISTAKES[error](make_plan(query, tile, match, view, what), wrong)
        if made is not None:
            return put_into_words(made[0], language, view, how), made[1]
    raise GleamError(f"The error {error!r} cannot be made for this pair: too little is decided about it.")


def possible_errors(query: Values, tile: Values, match: bool, view: View) -> tuple[str, ...]:
    """Return those of ``ERRORS`` that can be made for a pair."""
    rng = random.Random(0)
    plans = [make_plan(query, tile, match, view, rng) for _ in range(_TRIES)]
    return tuple(name for name, make in MISTAKES.items() if any(make(p, rng) is not None for p in plans))


def _dice(rng: random.Random) -> random.Random:
    """Return dice of their own, so that what one part of the writing draws does not move another."""
    return random.Random(rng.getrandbits(64))
