"""Pages: a frozen dataclass with the values of each, and the view that makes it.

A template gets one variable, `page`, and urls what it holds: every number, date and address in it
is text already (`web.text`, `web.address`).
"""
