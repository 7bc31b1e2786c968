"""Facts of billing: what people and the server decided about an account's bill. Balances are derived from them."""
