"""The monthly bulletin (月通报): the district's dynamics of a month, and of the year so far.

For the office that circulates it on paper, and every frontend that shows it.
Leans on figures and units; published as an issue.
"""
