"""Vendor's bill against the account's own sessions."""
