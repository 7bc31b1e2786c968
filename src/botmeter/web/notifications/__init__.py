"""Notifications as emails, webhook calls and chat messages."""
