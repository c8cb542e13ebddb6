"""From the sheets of a file to typed rows with findings. No database: which units and projects exist is asked later."""

from collections.abc import Callable, Sequence
from datetime import date

from app.exchange.ledgers.findings import Reading
from app.exchange.ledgers.merging import merge
from app.exchange.ledgers.rows import read_sheet
from app.kernel.sheets import Sheet


def read(sheets: Sequence[Sheet], today: date, progress: Callable[[int, int], None] | None = None) -> Reading:
    """Read a ledger. `today` tells which dates lie in the future; `progress(done, all)` is called after each sheet."""
    reading = Reading([])
    for done, sheet in enumerate(sheets, start=1):
        reading.sheets.append(read_sheet(sheet, today))
        if progress:
            progress(done, len(sheets))
    merge(reading)
    return reading
