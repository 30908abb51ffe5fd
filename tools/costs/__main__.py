"""`python -m tools.costs PLAN`: what an environment costs a month, by `terraform show -json` of its plan."""

import json
import sys
from pathlib import Path

from tools.costs.estimate import UnknownPrice, estimate, read_prices, table


def main(path: Path) -> int:
    """Print the table; 2 if something planned has no price."""
    prices = read_prices()
    try:
        lines = estimate(json.loads(path.read_bytes()), prices)
    except UnknownPrice as exc:
        print(f"costs: {exc}", file=sys.stderr)  # noqa: T201 - the output of this command
        return 2
    print(table(lines, prices))  # noqa: T201 - the output of this command
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
