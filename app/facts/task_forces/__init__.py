"""Task forces (项目专班): leader, units and tasks that push one project; meetings, lights, escalation, a calendar.

For leaders, the bureau and reporters of member units. Leans on projects (whose sight it gives), evidence and units.
"""
