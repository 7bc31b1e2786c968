"""Arrow tables and Parquet files → records."""
