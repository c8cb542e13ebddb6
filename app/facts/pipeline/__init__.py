"""Moves of projects from stage to stage: date, reason, person; the gates stand here.

For officers, and for everyone who asks why a project is where it is.
Leans on agreements, funds and projects.
"""
