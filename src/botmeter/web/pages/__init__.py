"""The pages: for each a frozen dataclass that holds what it shows, and the view that fills it.

A template gets one variable, `page`, and urls what it holds: every number, date and address in it
is text already (`web.text`, `web.address`).
"""
