"""Weekly reports: a unit's week as one document, filed by a deadline, accepted or returned; the weeks themselves.

For reporters and the bureau. Leans on engagements, projects, the calendar and units.
"""
