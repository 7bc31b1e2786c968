"""Sources of events: file formats, platforms, and signatures."""
