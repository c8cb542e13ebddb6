"""Figures from outside: typed in by hand, because their source is a notice or another bureau.

For the indicators that need a base no project can give.
Leans on the kernel only.
"""
