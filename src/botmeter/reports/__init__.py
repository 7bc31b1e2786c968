"""A question → its answer: the ask, the plan, the SQL, the exports.

A question is a value before any SQL (`ask`), and what picks the rows is said once (`snapshot`).
`usage` is the report, `rows` the underlying data, `explain` the reason for one session,
`simulate` the same traffic under other rules. Page, API and CLI call these same functions.
"""
