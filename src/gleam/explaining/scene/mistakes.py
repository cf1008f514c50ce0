"""Making a plan wrong in a known way: for controls that a measure of explanations has to notice."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from gleam.explaining.scene.attributes import ATTRIBUTE
from gleam.explaining.scene.plan import Plan

_INVENTED = ("water", "railway", "bridge", "facility")
"""Attributes where something can be invented that is not there."""

Mistake = Callable[[Plan, random.Random], tuple[Plan, str] | None]
"""From a true plan to a wrong one and what is wrong with it; None where the plan does not offer it."""


def _negated_verdict(plan: Plan, rng: random.Random) -> tuple[Plan, str] | None:
    said = "the same place" if not plan.verdict else "different places"
    return replace(plan, verdict=not plan.verdict), f"negated_verdict: says {said}"


def _wrong_value(plan: Plan, rng: random.Random) -> tuple[Plan, str] | None:
    places = [(p, name) for p, values in _pictures(plan) for name in values]
    return _with_values(
        plan, [(p, n, _other(n, values[n], rng)) for p, n in _one(places, rng) if (values := _of(plan, p))]
    )


def _invented(plan: Plan, rng: random.Random) -> tuple[Plan, str] | None:
    places = [(p, n) for p, values in _pictures(plan) for n in _INVENTED if values.get(n) == "none"]
    return _with_values(plan, [(p, n, _other(n, "none", rng)) for p, n in _one(places, rng)])


def _denied(plan: Plan, rng: random.Random) -> tuple[Plan, str] | None:
    places = [
        (p, n)
        for p, values in _pictures(plan)
        for n, v in values.items()
        if "none" in ATTRIBUTE[n].values and v != "none"
    ]
    return _with_values(plan, [(p, n, "none") for p, n in _one(places, rng)])


def _swapped(plan: Plan, rng: random.Random) -> tuple[Plan, str] | None:
    if not plan.differ:
        return None
    name = rng.choice(plan.differ)
    return _with_values(plan, [("query", name, plan.tile[name]), ("tile", name, plan.query[name])])


def _wrong_reasons(plan: Plan, rng: random.Random) -> tuple[Plan, str] | None:
    """Make the values that carry the verdict wrong, so that they still carry it."""
    names = list(plan.agree if plan.match else plan.differ)
    if not names:
        return None
    changes = []
    for name in rng.sample(names, min(len(names), 2)):
        if plan.match:
            value = _other(name, plan.query[name], rng)
            changes += [("query", name, value), ("tile", name, value)]
        else:
            value = _other(name, plan.query[name], rng)
            rest = [v for v in ATTRIBUTE[name].values if v not in (value, plan.tile[name])]
            if not rest:
                return None
            changes += [("query", name, value), ("tile", name, rng.choice(rest))]
    return _with_values(plan, changes)


def _wrong_difference(plan: Plan, rng: random.Random) -> tuple[Plan, str] | None:
    if plan.match or not plan.agree:
        return None
    said = f"wrong_difference: says that {', '.join(plan.agree)} differ, but they agree"
    return replace(plan, style="apart", agree=(), differ=plan.agree), said


def _pictures(plan: Plan) -> tuple[tuple[str, dict[str, str]], ...]:
    return (("query", plan.query), ("tile", plan.tile))


def _of(plan: Plan, picture: str) -> dict[str, str]:
    return plan.query if picture == "query" else plan.tile


def _one(places: list[tuple[str, str]], rng: random.Random) -> list[tuple[str, str]]:
    return [rng.choice(places)] if places else []


def _other(name: str, value: str, rng: random.Random) -> str:
    return rng.choice([v for v in ATTRIBUTE[name].values if v != value])


def _with_values(plan: Plan, changes: list[tuple[str, str, str]]) -> tuple[Plan, str] | None:
    """Return the plan with other values, told one picture after the other, and what was changed."""
    if not changes:
        return None
    new = {"query": dict(plan.query), "tile": dict(plan.tile)}
    said = []
    for picture, name, value in changes:
        said.append(f"{picture} {name} said {value!r}, is {_of(plan, picture)[name]!r}")
        new[picture][name] = value
    wrong = replace(plan, style="apart", query=new["query"], tile=new["tile"])
    return wrong, "; ".join(said)


MISTAKES: dict[str, Mistake] = {
    "negated_verdict": _negated_verdict,
    "wrong_value": _wrong_value,
    "invented": _invented,
    "denied": _denied,
    "swapped": _swapped,
    "wrong_reasons": _wrong_reasons,
    "wrong_difference": _wrong_difference,
}
