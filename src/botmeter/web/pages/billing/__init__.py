"""Admin → Billing: what sessions cost, purchases, budgets and statements."""
