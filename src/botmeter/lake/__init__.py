"""An account past one machine: events in Delta tables, metered by tasks over files, and read like a ledger."""
