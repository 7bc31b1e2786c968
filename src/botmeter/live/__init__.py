"""Live ingestion: queue, group commit, metering, scheduled pulls."""
