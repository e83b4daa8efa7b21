"""Invoices: from the vendor's message or typed, matched to order lines, decided, approved, paid."""
