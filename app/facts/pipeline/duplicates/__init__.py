"""The guard against signing one investment twice: which projects may be the same, and what was answered.

For officers who sign, and for everyone who asks why two projects are two.
Leans on enterprises and projects.
"""
