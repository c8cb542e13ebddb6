"""Zhaoshang (慧招商): the backend of a district's investment-promotion bureau.

For officers, unit reporters, leaders and the frontends they use; serves one REST API.
Floors, top to bottom: exchange, published, figures, facts, identity, kernel.
"""

import gc

# Starting makes a hundred thousand objects that stay; looking through them again and again takes a fifth of the start,
# and later a request would wait while the collector does.
gc.set_threshold(50_000, 20, 20)
