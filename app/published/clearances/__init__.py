"""Clearances (合同履约清理): all formal agreements since a day gone through, a finding for each clause, and its report.

For the bureau and the units that must act.
Leans on commitments, agreements, projects, issues.
"""
