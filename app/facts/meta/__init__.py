"""The words of the facts: every closed list with its Chinese labels, for whoever draws forms and filters.

For frontends. Leans on the terms of all facts and of units.
"""
