"""How routes get at what the server holds."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from gleam.web.service import Service


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Held: TypeAlias = Annotated[Service, Depends(_service)]
