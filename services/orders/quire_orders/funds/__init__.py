"""Budgets as an append-only double-entry ledger: fiscal years, funds, postings, commitments, limits, exchange rates.

Read the files in this order: ``rules*.py`` (pure decisions), ``tables*.py``, ``schemas*.py``, ``store*.py``,
``commands*.py``, ``api*.py``. The mechanism and its invariants are told in ``docs/mechanisms/ledger.md``.
"""
