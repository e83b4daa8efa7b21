"""Renewals: notice dates, reminders and what happens if nobody acts."""
