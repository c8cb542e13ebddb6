"""Rewards for those who brought a project: leads, exclusions, policies, claims, payments, budgets, honours.

For the bureau, the units and whoever must pay; payments are ready for figures, unit points for the evaluation.
Leans on projects, evidence, funds and outcomes.
"""
