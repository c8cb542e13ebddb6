"""The live stream and the audit trail: two readers of the event log.

For frontends and auditors.
Leans on the kernel's log.
"""
