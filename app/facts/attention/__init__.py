"""What needs attention: projects that nobody has touched, planned dates that have passed, pauses without an end,
overdue follow-ups of engagements.

For units, officers and their leaders.
Leans on projects, engagements and the kernel's rules.
"""
