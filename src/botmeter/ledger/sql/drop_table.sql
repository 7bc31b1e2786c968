-- Takes: {table}, a temporary one. Gives: its memory back.
DROP TABLE {table}
