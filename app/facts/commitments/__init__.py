"""What was promised in agreements, clause by clause, by either side; and the subsidies that are paid for it.

For the bureau, the units that answer for a clause, clearances, figures.
Leans on agreements, reviews, outcomes, funds, projects, evidence.
"""
