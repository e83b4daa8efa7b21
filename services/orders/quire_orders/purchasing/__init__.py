"""Orders and their lines: one-time and ongoing, from draft to closed."""
