"""Costs: what a use costs, with the invoice lines and report versions that make each number."""
