"""Leads: who told the bureau of an investment, what and when, which project it became, and who may not be rewarded.

For whoever takes a lead, for the officers who check, and for claims.
Leans on projects and on the providers of leads.
"""
