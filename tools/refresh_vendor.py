"""Fetch anew the libraries that the web pages carry, as src/gleam/web/static/vendor/vendor.json lists them.

    python tools/refresh_vendor.py                       the recorded versions: the files come out the same
    python tools/refresh_vendor.py maplibre-gl=6.18.0    another version, which is then recorded

Needs npm and its registry; users of the package never run this. Source maps are left out, and so is the
line that points to them. The archive is checked against the integrity hash that the registry states.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parent.parent / "src" / "gleam" / "web" / "static" / "vendor"
LIST = VENDOR / "vendor.json"
_MAP_LINE = b"//# sourceMappingURL="


def main(wishes: list[str]) -> None:
    """Fetch every package, at the version wished for or recorded, and write the list."""
    wished = dict(wish.split("=", 1) for wish in wishes)
    listed: dict[str, Any] = json.loads(LIST.read_text("utf-8"))
    unknown = sorted(set(wished) - set(listed))
    if unknown:
        sys.exit(f"{', '.join(unknown)}: not in {LIST.name}, which lists {', '.join(sorted(listed))}.")
    for name, package in listed.items():
        refresh(name, package, wished.get(name, package["version"]))
    LIST.write_text(json.dumps(listed, indent=2) + "\n", "utf-8")


def refresh(name: str, package: dict[str, Any], version: str) -> None:
    """Fetch one package, copy its files, and record version and hashes in ``package``."""
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run(
            ["npm", "pack", "--json", f"{name}@{version}"], cwd=folder, check=True, capture_output=True
        ).stdout
        archive, integrity = _first_packed(json.loads(told), Path(folder))
        if _integrity(archive.read_bytes()) != integrity:
            sys.exit(f"{name} {version}: the archive does not have the hash that the registry states.")
        with tarfile.open(archive) as packed:
            files = {target: _member(packed, source) for target, source in package["from"].items()}
    changed = version == package["version"] and package.get("sha256")
    hashes = {target: hashlib.sha256(data).hexdigest() for target, data in files.items()}
    if changed and hashes != package["sha256"]:
        sys.exit(f"{name} {version}: the files differ from the recorded ones; nothing was written.")
    package.update(version=version, integrity=integrity, sha256=hashes)
    for target, data in files.items():
        path = VENDOR / name / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        print(f"{name} {version}: {path.relative_to(VENDOR)}, {len(data):,} bytes")


def _first_packed(told: Any, folder: Path) -> tuple[Path, str]:
    # npm answers with a list, and since version 12 with an object by name.
    entry = next(iter(told.values())) if isinstance(told, dict) else told[0]
    return folder / entry["filename"], entry["integrity"]


def _integrity(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def _member(packed: tarfile.TarFile, name: str) -> bytes:
    member = packed.extractfile(f"package/{name}")
    if member is None:
        sys.exit(f"{name} is not a file of the archive.")
    data = member.read()
    head, mark, tail = data.rpartition(_MAP_LINE)
    return head if mark and b"\n" not in tail.strip() else data


if __name__ == "__main__":
    main(sys.argv[1:])
