"""People: who signs in, to which accounts they belong, what they may, and what they did."""
