"""Claims: what a lead's providers are given, from filing over check, review, public notice and approval to payment.

For units, the bureau, whoever pays, and the register of payments.
Leans on leads, policies, budgets and projects.
"""
