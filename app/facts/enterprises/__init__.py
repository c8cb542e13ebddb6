"""Enterprises: identity, ownership, listings, contacts; found by part of a name, merged with a trace.

For projects and engagements.
Leans on identity and the kernel.
"""
