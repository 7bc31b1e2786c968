"""Documents of text, tables and charts as PDF."""
