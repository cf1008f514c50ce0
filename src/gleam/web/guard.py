"""Who may ask: the token, the Host header, requests that other web sites make a browser send."""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gleam.web.problems import send_problem
from gleam.web.settings import Settings

OPEN = "/healthz"
"""The only route that needs no token."""
COOKIE = "gleam_session"
_SAFE = ("GET", "HEAD", "OPTIONS")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class Guard:
    """Lets through who shows the token, and refuses what a browser was tricked into sending.

    On loopback the ``Host`` header has to be a name of this machine, so that no web site can point its own
    name here (DNS rebinding). Everywhere a request that changes something and comes from another web site
    is refused (cross-site request forgery).
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._token = _digest(settings.token) if settings.token is not None else None
        self._session = _session(settings.token) if settings.token is not None else ""
        self._hosts = {*_LOCAL_NAMES, settings.host.strip("[]").lower()} if settings.loopback else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and hand it on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["path"] == OPEN:
            await self._app(scope, receive, send)
        elif self._hosts is not None and _host(headers.get("host", "")) not in self._hosts:
            sentence = "This server answers to the names of this machine only; open it at http://127.0.0.1."
            await send_problem(send, 403, sentence)
        elif scope["method"] not in _SAFE and _from_elsewhere(headers):
            await send_problem(send, 403, "Requests that come from another web site are refused.")
        elif self._token is None or self._knows(headers):
            await self._app(scope, receive, send)
        elif scope["method"] == "GET" and self._told_once(scope):
            await self._send_session(scope, send)
        else:
            sentence = (
                "Show the token of this server: Authorization: Bearer TOKEN, or open /?token=TOKEN once."
            )
            await send_problem(send, 401, sentence)

    def _knows(self, headers: Headers) -> bool:
        kind, _, told = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._is_token(told.strip()):
            return True
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except CookieError:
            return False
        session = cookies[COOKIE].value if COOKIE in cookies else ""
        return hmac.compare_digest(session.encode(), self._session.encode())

    def _is_token(self, told: str) -> bool:
        # Of digests, so that not even the length of the token can be measured.
        return self._token is not None and hmac.compare_digest(_digest(told), self._token)

    def _told_once(self, scope: Scope) -> bool:
        return any(name == "token" and self._is_token(value) for name, value in _query(scope))

    async def _send_session(self, scope: Scope, send: Send) -> None:
        """Turn a token in the address into a cookie that scripts cannot read, and out of the address."""
        rest = urlencode([(name, value) for name, value in _query(scope) if name != "token"])
        # One slash at the beginning: two would lead to another host.
        path = "/" + scope["path"].lstrip("/\\")
        cookie = f"{COOKIE}={self._session}; Path=/; HttpOnly; SameSite=Strict"
        if scope.get("scheme") == "https":
            cookie += "; Secure"
        location = path.encode("utf-8", "replace").decode("ascii", "replace") + (f"?{rest}" if rest else "")
        headers = [
            (b"location", location.encode("ascii", "replace")),
            (b"set-cookie", cookie.encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _session(token: str) -> str:
    """Return what the cookie holds: made from the token, which cannot be told from it."""
    return hmac.new(token.encode(), b"gleam session", hashlib.sha256).hexdigest()


def _host(header: str) -> str:
    """Return the host of a Host header without its port, lower case."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


def _from_elsewhere(headers: Headers) -> bool:
    """Tell whether a browser says that another site made it send this."""
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
