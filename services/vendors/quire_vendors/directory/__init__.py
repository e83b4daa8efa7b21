"""Vendors: their codes, numbers, accounts, contacts and terms."""
