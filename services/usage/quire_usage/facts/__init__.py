"""Usage facts: platforms, reports with their verdicts, and what was used by month."""
