"""Answers to bots that ask before they reply."""
