"""Foreign records → event fields, as a mapping file says."""
