"""Agreements: licenses, their parties, order lines, documents, and the renewal rule."""
