"""Canonical documents: what vendors' messages say, without a segment's tag."""

from .reading import read
from .writing import write

__all__ = ["read", "write"]
