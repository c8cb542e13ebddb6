"""The rules of the house over HTTP: what is in force, drafts, putting them into force.

For officers who draft, reviewers who activate, and whoever wants to know why.
Leans on the kernel's rules and auth.
"""
