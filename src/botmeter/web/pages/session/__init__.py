"""Sessions and conversations."""
