"""COUNTER reports: reading, judging, writing. A library without a database (Code of Practice 4, 5, 5.1)."""
