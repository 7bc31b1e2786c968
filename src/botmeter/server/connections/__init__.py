"""Connections of clients: their number, use and end."""
