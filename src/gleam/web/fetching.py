"""Photos by URL, from the hosts an operator allows and from nowhere else.

A server that fetches what it is told to is a way into the network behind it (server-side request forgery).
So: only hosts named exactly; http and https on the ports of the list; no user names; the name is resolved
once and the connection goes to that very address, which has to be a public one; every redirect is checked
like the first address; bytes and seconds are limited.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from gleam.web.limits import too_large
from gleam.web.problems import WebError

MOST_REDIRECTS = 3
TIMEOUT_S = 10.0
TOTAL_S = 30.0
_PORTS = {"http": 80, "https": 443}
_PART = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet, also when IPv6 wraps an IPv4 address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        for inner in (ip.ipv4_mapped, ip.sixtofour, _nat64(ip), *(ip.teredo or ())):
            if inner is not None and not inner.is_global:
                return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


@dataclass(frozen=True)
class Fetcher:
    """Fetches from allowed hosts.

    Args:
        hosts: Allowed ones, as ``photos.example.org`` or ``photos.example.org:8443``.
        most_bytes: Of a photo.
        permits: Whether an address may be connected to.
    """

    hosts: Sequence[str]
    most_bytes: int
    permits: Callable[[str], bool] = is_public

    def fetch(self, url: str) -> tuple[bytes, str | None]:
        """Return the content at a URL and the last part of its path.

        Raises:
            WebError: The host is not allowed, the content is too large, or it cannot be had.
        """
        until = time.monotonic() + TOTAL_S
        here = url
        for _ in range(MOST_REDIRECTS + 1):
            parts, port = self._checked(here)
            address = self._address(parts.hostname or "", port)
            content, onward = _get(parts, port, address, self.most_bytes, until)
            if onward is None:
                return content, parts.path.rsplit("/", 1)[-1] or None
            here = urljoin(here, onward)
        raise WebError(422, f"url: more than {MOST_REDIRECTS} redirects.")

    def _checked(self, url: str) -> tuple[SplitResult, int]:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise WebError(422, "url: is not an address.") from None
        if parts.scheme not in _PORTS or not parts.hostname or not url.isascii() or _has_control(url):
            raise WebError(422, "url: write http:// or https:// and a host, in ASCII.")
        if parts.username is not None or parts.password is not None:
            raise WebError(422, "url: must not hold a user name or password.")
        port = _PORTS[parts.scheme] if port is None else port
        host = parts.hostname.lower()
        allowed = {name.lower() for name in self.hosts}
        named = {f"{host}:{port}"} | ({host} if port == _PORTS[parts.scheme] else set())
        if not named & allowed:
            raise WebError(403, f"url: this server fetches from {', '.join(self.hosts) or 'nowhere'} only.")
        return parts, port

    def _address(self, host: str, port: int) -> str:
        """Resolve a host once; every one of its addresses has to be permitted."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise WebError(422, f"url: the host {host} cannot be found.") from None
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not all(self.permits(address) for address in addresses):
            raise WebError(403, f"url: {host} is not on the public internet.")
        return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was checked, whatever the name resolves to by now."""

    def __init__(self, host: str, port: int, address: str, tls: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address, self._tls = address, tls

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_S)
        if self._tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _get(
    parts: SplitResult, port: int, address: str, most_bytes: int, until: float
) -> tuple[bytes, str | None]:
    """Return the content, or nothing and where it is said to be."""
    connection = _Pinned(parts.hostname or "", port, address, parts.scheme == "https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers={"User-Agent": "gleam", "Accept": "image/*"})
        response = connection.getresponse()
        if response.status in _REDIRECTS:
            return b"", response.getheader("Location") or ""
        if response.status != 200:
            raise WebError(422, f"url: {parts.hostname} answered with status {response.status}.")
        told = response.getheader("Content-Length")
        if told is not None and told.isascii() and told.isdigit() and int(told[:18]) > most_bytes:
            raise too_large(most_bytes)
        content = bytearray()
        while part := response.read1(_PART):
            content += part
            if len(content) > most_bytes:
                raise too_large(most_bytes)
            if time.monotonic() > until:
                raise WebError(422, f"url: {parts.hostname} is too slow.")
        return bytes(content), None
    except (OSError, http.client.HTTPException):
        raise WebError(422, f"url: {parts.hostname} cannot be read.") from None
    finally:
        connection.close()


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that 64:ff9b::/96 wraps."""
    if ip in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def _has_control(url: str) -> bool:
    return any(ord(c) <= 0x20 or ord(c) == 0x7F or c == "\\" for c in url)
