"""Pages: frozen dataclasses of formatted values, passed to templates as `page`."""
