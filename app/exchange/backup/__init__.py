"""Backup and restore: one archive of every table and file, the same for both databases.

For the administrator at the machine; also the way from SQLite to PostgreSQL and back.
Leans on the kernel, and on identity to end the sessions of a restored past.
"""
