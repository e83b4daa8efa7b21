"""Imports: files of other systems read into orders and budgets, every fault with its place."""
