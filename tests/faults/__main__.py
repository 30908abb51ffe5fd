"""All faults and their table, `make faults`: `python -m tests.faults [pytest's arguments]`, in the repository's root.

Prints the table and writes it to `docs/faults.md` when all tests were selected and passed.
"""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ["tests/faults"]
PAGE = ROOT / "docs" / "faults.md"
TITLE = """# What was broken on purpose, and the result

`make faults` makes this table; `make test` runs a sample of it. "Same result" means: equal to a run without the fault.
[operations.md](operations.md) says what the failure of a part means for a user.

| fault | tries | result | checked |
|---|---|---|---|
"""


class Table:
    """Collects the rows that tests report."""

    def __init__(self) -> None:
        self.rows: list[list[object]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the row of a test, or its failure."""
        told = [value for name, value in report.user_properties if name == "fault"]
        if report.failed:
            self.rows.append([report.nodeid, 1, "FAILED", report.when or ""])
        elif report.when == "call":
            self.rows += [list(row) for row in told if isinstance(row, list)]

    def text(self) -> str:
        """The rows as a table."""
        return "".join(f"| {' | '.join(str(cell) for cell in row)} |\n" for row in self.rows)


def main() -> int:
    """Run everything; pytest's exit code."""
    os.environ["WAFER_FAULTS"] = "all"
    table = Table()
    given = sys.argv[1:]
    code = int(pytest.main(["--timeout=7200", *(given or TESTS)], plugins=[table]))
    sys.stdout.write(f"\n| fault | tries | result | checked |\n|---|---|---|---|\n{table.text()}")
    if code == 0 and not given:
        PAGE.write_text(TITLE + table.text(), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
