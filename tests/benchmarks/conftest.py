from collections.abc import Iterator

import pytest

from tests.benchmarks.lab import Lab
from tests.benchmarks.table import Table


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    lab = Lab()
    yield lab
    lab.close()


@pytest.fixture(scope="session")
def table() -> Iterator[Table]:
    table = Table()
    yield table
    print(f"\n\n{table}\n")
