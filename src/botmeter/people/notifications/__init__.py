"""Messages to people and programs, and their delivery."""
