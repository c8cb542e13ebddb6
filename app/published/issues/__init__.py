"""Issues (期): what was published, frozen, numbered, re-issued as a new edition and never edited.

For whoever circulates a board or a bulletin, and whoever wants to know whether a copy is genuine.
Leans on the kernel; what is published comes from the domains beside it.
"""
