"""Which model of which server is meant by ``MODEL@URL``, and where its key is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from gleam.errors import GleamError, unknown_name

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Host:
    """What is known of a server; see ``hosts.yaml``."""

    name: str
    url: str
    key: str
    token_limit: str
    structured: str
    logprobs: bool


@dataclass(frozen=True)
class Target:
    """A model of a server."""

    model: str
    url: str
    host: Host

    def __str__(self) -> str:
        return f"{self.model}@{self.url}"

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read ``MODEL@URL`` or ``MODEL@NAME`` with a name of ``hosts.yaml``.

        Raises:
            GleamError: No model, no or an unusable URL, an unknown name.
        """
        address = re.search(r"@(?=[a-z]+://)", text)
        split = text.rindex("@") if address is None and "@" in text else address.start() if address else 0
        model, where = text[:split].strip(), text[split + 1 :].strip()
        hosts = known_hosts()
        if not model or not where:
            raise GleamError(
                f"{text!r} does not say which model of which server: write MODEL@URL, such as "
                f"qwen3-vl@http://127.0.0.1:8000/v1, or MODEL@ and one of {', '.join(_names(hosts))}."
            )
        if "://" not in where:
            if where not in _names(hosts):
                raise unknown_name("server", where, _names(hosts))
            return cls(model, hosts[where].url, hosts[where])
        parts = urlsplit(where)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise GleamError(f"{where!r} is no address of a server; it begins with http:// or https://.")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise GleamError(
                "The address of a server must not hold keys or options; keys come from the environment."
            )
        host = _host_of(parts.hostname, parts.port, hosts)
        if parts.scheme == "http" and host.url.startswith("https:"):
            raise GleamError(
                f"{parts.hostname} is asked over https only, or its key could be read on the way."
            )
        return cls(model, where.rstrip("/"), host)

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        return urlsplit(self.url).hostname in _LOOPBACK

    @property
    def address(self) -> str:
        """The server's name, for people."""
        return urlsplit(self.url).netloc

    def key(self) -> str:
        """Return the key from the environment; a server on this machine needs none.

        Raises:
            GleamError: The variable is not set; it is named.
        """
        key = os.environ.get(self.host.key, "").strip()
        if key:
            if not key.isascii() or not key.isprintable() or " " in key:
                raise GleamError(
                    f"The key in {self.host.key} holds characters that no key has; copy it again."
                )
            return key
        if self.is_local:
            return "none"
        raise GleamError(
            f"No key for {self.address}: put it in the environment variable {self.host.key}. "
            "It is never stored or shown."
        )


@cache
def known_hosts() -> Mapping[str, Host]:
    """Return the servers of ``hosts.yaml`` by name."""
    import yaml

    text = files("gleam.explaining.chat").joinpath("hosts.yaml").read_text(encoding="utf-8")
    data: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return {name: Host(name=name, **entry) for name, entry in data.items()}


def _names(hosts: Mapping[str, Host]) -> list[str]:
    return [name for name, host in hosts.items() if host.url]


def _host_of(hostname: str, port: int | None, hosts: Mapping[str, Host]) -> Host:
    for host in hosts.values():
        known = urlsplit(host.url)
        same_port = hostname not in _LOOPBACK or known.port == port
        if known.hostname in (hostname, *(_LOOPBACK if hostname in _LOOPBACK else ())) and same_port:
            return host
    return hosts["other"]
