"""Admin → Imports: files uploaded, previewed, imported and undone."""
