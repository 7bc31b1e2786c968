"""Notifications: messages to people and programs, and what becomes of them."""
