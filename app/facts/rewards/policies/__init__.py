"""Reward policies as data: what a project is worth to whoever brought it, explained line by line.

For claims, and for whoever drafts a policy and tries it on past projects.
Leans on rules, funds, outcomes and projects.
"""
