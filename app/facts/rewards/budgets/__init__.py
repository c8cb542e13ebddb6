"""Budgets for rewards, by fund and year: what there is, what approved claims will need, what was paid, what is left.

For whoever approves claims.
Leans on the rows of claims.
"""
