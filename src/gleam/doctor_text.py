"""The findings of the doctor as text for a terminal and as Markdown for a bug report."""

from __future__ import annotations

from gleam.doctor import Findings, Package


def to_text(findings: Findings) -> str:
    """Return the findings as lines for a terminal."""
    width = max(len(name) for name, _ in _facts(findings))
    lines = [f"{name:<{width}}  {value}" for name, value in _facts(findings)]
    lines += ["", *(f"{package.name:<{width}}  {_state(package)}" for package in findings.core), ""]
    lines += [
        f"[{extra}]".ljust(width) + "  " + _extra(packages) for extra, packages in findings.extras.items()
    ]
    lines += ["", *(_problems(findings) or ["Everything needed is here."])]
    return "\n".join(lines)


def to_markdown(findings: Findings) -> str:
    """Return the findings as Markdown tables."""
    lines = ["### gleam doctor", "", "| what | found |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in _facts(findings)]
    lines += ["", "| library | found | asked for |", "|---|---|---|"]
    lines += [f"| {item.name} | {item.version or 'missing'} | {item.wanted} |" for item in findings.core]
    lines += ["", "| extra | state |", "|---|---|"]
    lines += [f"| {extra} | {_extra(packages)} |" for extra, packages in findings.extras.items()]
    lines += ["", *(f"- {problem}" for problem in _problems(findings) or ["No problems found."])]
    return "\n".join(lines)


def _facts(findings: Findings) -> list[tuple[str, str]]:
    memory = "unknown" if findings.memory_gb is None else f"{findings.memory_gb} GB"
    variables = [name for name, is_set in findings.environment.items() if is_set]
    return [
        ("gleam", findings.gleam),
        ("Python", findings.python),
        ("system", findings.system),
        ("cores", str(findings.cores)),
        ("memory", memory),
        ("free disk", f"{findings.free_disk_gb} GB"),
        ("device", findings.device),
        ("GDAL", findings.gdal or "missing"),
        ("weights", ", ".join(findings.weights) or "none"),
        ("variables set", ", ".join(variables) or "none"),
    ]


def _state(package: Package) -> str:
    return package.version or f"missing (needs {package.wanted})"


def _extra(packages: tuple[Package, ...]) -> str:
    missing = [package.name for package in packages if package.version is None]
    if not missing:
        return "installed"
    return f"not installed ({', '.join(missing)})"


def _problems(findings: Findings) -> list[str]:
    return [f"Problem: {problem}" for problem in findings.problems]
