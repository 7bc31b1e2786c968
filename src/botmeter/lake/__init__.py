"""Accounts past one machine: events in Delta tables, metered by tasks over files, read like a ledger."""
