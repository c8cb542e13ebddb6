"""Bonus points (招商奖励加分) that a unit is given for a project, apart from any money: declared, approved by another.

Ready for the evaluation of units.
Leans on projects and their evidence.
"""
