"""Sources of events: file formats, the webhooks and APIs of platforms, and signatures."""
