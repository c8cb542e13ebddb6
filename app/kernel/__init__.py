"""Machinery that knows no domain: database, event log, rules, errors, paging, replies.

For every floor above it.
Leans on nothing of ours.
"""
