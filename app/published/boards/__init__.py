"""The weekly board (周展示): units ranked within their tier by the activity index (活跃指数) of one week.

For the district government's meeting, and every unit that asks where its points come from.
Leans on figures, units and the weeks of reports; published as an issue.
"""
