"""Underlying data: the rows behind every number of the report, page by page, and as files."""
