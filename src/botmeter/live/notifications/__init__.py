"""Threads that send notifications."""
