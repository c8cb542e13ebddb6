"""What the city's machine does here: it fetches what has changed, and brings receipts that come later.

For the city's side, by API keys of their own scopes. Leans on the records, the courier's receipts and the wire.
"""
