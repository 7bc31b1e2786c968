"""Start pages of the sections Reports and Billing."""
