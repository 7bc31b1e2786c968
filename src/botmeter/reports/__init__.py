"""A question → its answer: the query, the SQL, the exports.

A question is a value (`query`, `filters`) that becomes conditions for the statements in one place (`conditions`).
`usage` is the report, `rows` the underlying data, `explain` the reason for one session, `simulate` the same traffic
under other policies. Page, API and CLI call these same functions.
"""
