"""Canonical documents: what vendors' messages say, without a segment's tag."""

from .reading import read

__all__ = ["read"]
