"""Admin → Sources: access and settings of event sources."""
