-- Takes: {file}, which an ATTACH can't have bound. Gives: its tables under a name that no account can have.
ATTACH '{file}' AS "the old file" (READ_ONLY)
