"""Who acts and when: units, users, sessions, keys, periods.

For every route that asks for a permission.
Leans on the kernel.
"""
