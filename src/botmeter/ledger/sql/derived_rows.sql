-- Reads: {table}, footprint_member. Takes: {columns}. Gives: derived_{table}, what it says after all was metered again.
CREATE OR REPLACE TEMP VIEW derived_{table} AS SELECT {columns} FROM {table} AS x
