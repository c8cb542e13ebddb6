"""Every domain once: its router, what reacts to what, what runs when."""

from collections.abc import Mapping

from fastapi import APIRouter

import app.facts.agreements.models
import app.facts.enterprises.models
import app.facts.funds.models
import app.facts.pipeline.models
import app.facts.projects.models
import app.identity.auth.models
import app.identity.periods.models
import app.identity.units.models
import app.kernel.events
import app.kernel.idempotency
import app.kernel.rules  # noqa: F401
from app.kernel.events import Reaction

ROUTERS: tuple[APIRouter, ...] = ()
"""Busiest first: the framework looks for a route from the top."""

REACTIONS: Mapping[str, tuple[Reaction, ...]] = {}
"""Kind of event → who listens. Downwards a domain calls; upwards it records, and this table says what follows."""
