"""Receiving: what arrived, piece by piece, with its place and its next step."""
