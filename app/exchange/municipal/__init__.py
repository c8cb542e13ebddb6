"""Municipal reporting (上报市级): what the city should hold, what it has accepted, and how the two are kept alike.

For the officer who answers to the municipal bureau. Leans on the event log, the facts and the figures.
"""
