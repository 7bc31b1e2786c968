"""Rasa."""
