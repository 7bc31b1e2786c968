"""Pages and the read routes of the API: thin views over `reports`, `ledger` and `people`."""
