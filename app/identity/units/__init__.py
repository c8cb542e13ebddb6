"""Responsible units: 35 departments, townships, parks and platforms, with dated names and tiers.

For projects, reports and every ranking.
Leans on the kernel.
"""
