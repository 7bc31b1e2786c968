"""Admin → Notifications → Destinations."""
