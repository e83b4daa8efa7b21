"""A document as a librarian reads it: sentences, each with the segments that it was made of."""

from .sentences import Sentence, describe, text

__all__ = ["Sentence", "describe", "text"]
