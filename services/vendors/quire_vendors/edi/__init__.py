"""EDI for the book and serials trade: read what vendors really send, write what they accept.

A pure library: no database, no network, no event. `syntax` turns bytes into messages and segments, `documents` turns
messages into typed documents by the rules of a vendor's profile, `reconcile` explains the totals of an invoice.
"""
