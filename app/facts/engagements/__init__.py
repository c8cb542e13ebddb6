"""Engagements (对接活动): visits out and in, events, promotions, press, talks online; one trip told by several units
is joined into one; what must come of it is followed up.

For reporters, the bureau and leaders. Leans on projects, enterprises, evidence (how files come in) and units.
"""
