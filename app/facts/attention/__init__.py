"""What needs attention: projects that nobody has touched, planned dates that have passed, pauses without an end.

For units, officers and their leaders.
Leans on projects and the kernel's rules.
"""
