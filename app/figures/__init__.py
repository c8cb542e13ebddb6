"""What the facts add up to: every aggregate, explainable to its rows.

For frontends, boards, bulletins and evaluations.
Leans on facts, rules and periods.
"""
