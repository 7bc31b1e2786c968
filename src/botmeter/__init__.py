"""Botmeter meters chatbot sessions, explains every one of them, and reports what was consumed."""

__version__ = "0.1.0"
