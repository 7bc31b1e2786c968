"""Live events on their way from a request to the ledger: what is asked, who waits, one commit for all who do."""
