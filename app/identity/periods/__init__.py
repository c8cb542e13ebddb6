"""Weeks, months, years: their locks and re-openings, and the working-day table.

For figures, reports and deadlines.
Leans on the kernel.
"""
