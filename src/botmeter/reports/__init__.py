"""Usage reports, the underlying data, explanations and simulations, shared by page, API and CLI."""
