"""When to try again, and when not to try at all."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.exchange.municipal.circuit import LONGEST_ASKED, Circuit, Pace, Passage, backoff

NOW = datetime(2020, 8, 20, tzinfo=UTC)
paces = st.builds(Pace, st.floats(0.001, 600), st.floats(0.001, 86_400), st.integers(1, 100))
chances = st.floats(0, 1, exclude_max=True)


@given(paces, st.integers(1, 10_000), chances)
def test_waiting_grows_and_is_never_longer_than_the_longest(pace: Pace, attempts: int, chance: float) -> None:
    wait, next_one = (backoff(n, pace, lambda: chance) for n in (attempts, attempts + 1))
    assert timedelta(0) <= wait <= next_one <= timedelta(seconds=pace.longest)
    assert backoff(1, pace, lambda: 0.5) <= timedelta(seconds=pace.first)


@given(
    paces, st.lists(st.tuples(st.booleans(), st.booleans(), chances, st.none() | st.integers(0, 10**6)), max_size=30)
)
def test_the_circuit_opens_after_failures_in_a_row_and_closes_with_the_first_success(
    pace: Pace, contacts: list[tuple[bool, bool, float, int | None]]
) -> None:
    circuit, now, row = Circuit(), NOW, 0
    for well, at_once, chance, seconds in contacts:
        now += timedelta(seconds=1)
        before = circuit
        asked = None if seconds is None else timedelta(seconds=seconds)
        if well:
            circuit, row = circuit.succeeded(), 0
            assert circuit.passage(now) is Passage.CLOSED
            continue
        circuit, row = circuit.failed(now, pace, lambda: chance, asked=asked, at_once=at_once), row + 1  # noqa: B023
        assert circuit.failures == row
        assert circuit.probing_until is None
        opened = row >= pace.failures or at_once or asked is not None or before.open_until is not None
        assert (circuit.open_until is not None) is opened
        if circuit.open_until is None:
            continue
        # Never for longer than either side may ask, and never shorter than was said before.
        assert before.open_until is None or circuit.open_until >= before.open_until
        longest = max(timedelta(seconds=pace.longest), LONGEST_ASKED, (before.open_until or now) - now)
        assert circuit.open_until - now <= longest
        if asked is not None:
            assert circuit.open_until - now >= min(asked, LONGEST_ASKED)
        if row >= pace.failures and before.open_until is None:
            assert circuit.passage(now) is Passage.OPEN
        assert circuit.passage(circuit.open_until) is Passage.PROBE


@given(st.integers(-5, 5))
def test_one_probes_at_a_time(seconds: int) -> None:
    circuit = Circuit(9, NOW, NOW + timedelta(seconds=seconds))
    assert circuit.passage(NOW) is (Passage.OPEN if seconds > 0 else Passage.PROBE)
