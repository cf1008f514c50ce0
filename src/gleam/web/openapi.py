"""What the framework cannot tell of the API by itself: the token, and the JSON inside form fields."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from gleam.web.options import ExplainOptions, JobOptions, LocateOptions

IN_FIELDS: tuple[type[BaseModel], ...] = (LocateOptions, JobOptions, ExplainOptions)
_AT = "#/components/schemas/{model}"


def field_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the description of a form field that holds the JSON of a model."""
    schema = {"$ref": _AT.format(model=model.__name__)}
    return {"contentMediaType": "application/json", "contentSchema": schema}


def complete(app: FastAPI, *, with_token: bool) -> None:
    """Let the description of an application tell the models in form fields, and the token."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            components = schema.setdefault("components", {})
            models = components.setdefault("schemas", {})
            for model in IN_FIELDS:
                told = model.model_json_schema(ref_template=_AT)
                for name, part in told.pop("$defs", {}).items():
                    models.setdefault(name, part)
                models[model.__name__] = told
            if with_token:
                components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
                schema["security"] = [{"token": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
