"""Traffic with the world: ledgers in and out, the live stream, the log.

For officers' spreadsheets, frontends and auditors.
Leans on everything below.
"""
