"""How many passing wafers come by each node of a tree: from there contributions are measured.

A sensor that is not known follows both sides of a split in proportion to their cover (`shapley`). Covers counted on
passing wafers make the usual passing wafer the base; those of a fit that balances the outcomes lie half way to failing.
"""

import numpy as np

from wafer.wafers.arrays import Floats, Ints


def added_up(at_leaf: Floats, left: Ints, right: Ints) -> Floats:
    """Return the cover of every node, (nodes,), from that of the leaves; children have higher numbers than parents."""
    cover = at_leaf.copy()
    for split in np.flatnonzero(left >= 0)[::-1]:
        cover[split] = cover[left[split]] + cover[right[split]]
    return cover
