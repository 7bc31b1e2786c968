"""Start page of Reports, and the parts that the one of Billing shares."""
