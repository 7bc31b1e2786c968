"""Gallery of page components, for development."""
