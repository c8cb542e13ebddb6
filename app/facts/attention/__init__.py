"""What needs attention: projects that nobody has touched, planned dates that have passed, pauses without an end,
overdue follow-ups of engagements, gates that lack one thing.

For units, officers and their leaders.
Leans on projects, their pipeline, engagements and the kernel's rules.
"""
