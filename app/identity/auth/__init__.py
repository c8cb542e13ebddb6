"""Who asks: users, sessions, machine keys, and the dependencies that ask for a permission.

For every route.
Leans on units and the kernel.
"""
