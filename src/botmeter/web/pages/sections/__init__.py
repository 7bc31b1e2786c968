"""Start page of Reports, and parts that Billing's shares."""
