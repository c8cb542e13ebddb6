"""Notices as people get them: whom to tell, in which words, and the list of one's own.

For every domain that has something to tell.
Leans on the kernel's notices, auth and units.
"""
