"""The base of everything that travels through a history, and the names of things."""

from typing import Any, NewType

from pydantic import BaseModel, ConfigDict

CanonicalJson = NewType("CanonicalJson", str)
"""JSON text in the one form that is hashed, shown and sent; made only by `rules.canonical`."""

EffectDigest = NewType("EffectDigest", str)
"""What would happen. 64 hex digits of SHA-256, made only by `rules.digests`."""

GateDigest = NewType("GateDigest", str)
"""What was shown, once. 64 hex digits of SHA-256, made only by `rules.digests`."""

EffectKey = NewType("EffectKey", str)
"""The idempotency key of one effect. 64 hex digits of SHA-256, made only by `rules.digests`."""

Json = Any
"""A JSON value: dict, list, str, int, float, bool or None."""


MASKED = "[masked]"
"""Stands where a secret was, in all that is shown."""


class Value(BaseModel):
    """Immutable, compared by content. Unknown fields are ignored, so that an older worker reads a newer run."""

    model_config = ConfigDict(frozen=True, extra="ignore")
