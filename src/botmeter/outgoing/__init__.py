"""Connections to other servers, at checked addresses and for a limited time."""
