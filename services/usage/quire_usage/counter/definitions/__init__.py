"""Report definitions of each COUNTER release, as tables. A new release is a new file, not new code."""
