"""The list of models with their prices, open to all."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from assay.api.routes import answer
from assay.providers.prices import list_models

router = APIRouter(prefix="/api/models", tags=["models"])


class ModelOut(BaseModel):
    """A model; costs are in US dollars per million tokens."""

    model_config = ConfigDict(extra="allow")

    model_name: str
    input_cost: float | None
    output_cost: float | None
    provider: dict[str, Any]


class ModelsOut(BaseModel):
    """All models whose price is known."""

    models: list[ModelOut]


@router.get("/public/", response_model=ModelsOut)
async def list_public_models() -> Response:
    """List the models whose cost is computed from their tokens."""
    return answer({"models": list_models()})
