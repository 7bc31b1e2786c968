"""Pages and read routes of the API, over `reports`, `ledger` and `people`."""
