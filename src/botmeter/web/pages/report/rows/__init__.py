"""Underlying data: the rows behind every number, paged or exported."""
