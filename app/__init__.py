"""Zhaoshang (慧招商): the backend of a district's investment-promotion bureau.

For officers, unit reporters, leaders and the frontends they use; serves one REST API.
Floors, top to bottom: exchange, published, figures, facts, identity, kernel.
"""
