"""Pages: each is a frozen dataclass of formatted values, passed to its template as `page`."""
