"""A demonstration ledger, so that every frontend has something true in shape to work with.

The named projects are names out of a public report of 2020; their companies' numbers, their amounts and their dates,
and every other project, are invented and say so in their notes.
"""
