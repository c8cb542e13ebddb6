"""Contracts and agreements of projects; the first formal contract and all amounts derive from them.

For the pipeline and the figures.
Leans on projects.
"""
