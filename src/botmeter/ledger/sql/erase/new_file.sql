-- Reads: everything in the old file. Takes: {into}. Gives: all of it in a new one, row by row.
COPY FROM DATABASE "the old file" TO "{into}"
