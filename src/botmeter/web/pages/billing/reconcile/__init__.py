"""Pages of Billing → Check a bill."""
