"""Tables in CSV, TSV and XLSX files, for every reader of tables."""
