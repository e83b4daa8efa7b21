"""Vendor profiles: data, not code."""
