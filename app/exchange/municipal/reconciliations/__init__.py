"""Reconciliation: what the city says it holds against what it should hold, and putting right what differs.

For the officer who answers to the municipal bureau. Leans on the records and, where the city is asked, on the courier.
"""
