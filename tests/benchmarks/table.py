"""The one table of a run: what was measured, against what, and what is wanted."""

from dataclasses import dataclass, field

from tests.benchmarks.load import Rate, cpu_ratio, microseconds, middle, ratio

TOLERANCE = 0.6
"""A measured ratio may fall this far short of its goal before the run fails: machines have neighbours."""


@dataclass
class Table:
    lines: list[tuple[str, str, str, str, str, str]] = field(default_factory=list)

    def add(
        self, name: str, ours: str, reference: str, found: float | None = None, *, goal: float | None = None,
        cpu: float | None = None, most: bool = False,
    ) -> None:  # fmt: skip
        """A line; with a goal also a judgement: the ratio must reach it, or with `most` must not pass it."""
        sign = "≤" if most else "≥"
        self.lines.append(
            (
                name, ours, reference, "" if found is None else f"{found:.2f}", "" if cpu is None else f"{cpu:.2f}",
                "" if goal is None else f"{sign} {goal:g}",
            )
        )  # fmt: skip
        if goal is not None and found is not None:
            good = found <= goal / TOLERANCE if most else found >= goal * TOLERANCE
            assert good, f"{name}: {found:.2f}, wanted {sign} {goal:g}"

    def compare(
        self, name: str, ours: list[Rate], reference: list[Rate], *, goal: float | None = None, most: bool = False
    ) -> None:
        """A line from two series of rounds. With `most` the ratio is of times: how many times slower ours may be."""
        found, cpu = ratio(ours, reference), cpu_ratio(ours, reference)
        if most:
            found, cpu = 1 / found, 1 / cpu
        self.add(name, _said(ours), _said(reference), found, goal=goal, cpu=cpu, most=most)

    def __str__(self) -> str:
        rows = [("", "ours", "reference", "ratio", "by cpu", "goal"), *self.lines]
        widths = [max(len(row[index]) for row in rows) for index in range(6)]
        return "\n".join(
            "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
            for row in rows
        )


def _said(rates: list[Rate]) -> str:
    return f"{middle(rates):,.0f}/s {microseconds(rates):,.0f} µs"
