"""Reviews before a promise is made: due diligence, legal, fair competition, collective decision, with their conditions.

For gates and whoever may see the project. The fair-competition review is asked of what is signed since 2024-08-01.
Leans on projects, agreements and evidence.
"""
