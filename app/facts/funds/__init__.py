"""The ledger of money that arrived: recognised on evidence, reversed, never overwritten.

For figures, rewards and commitments.
Leans on projects.
"""
