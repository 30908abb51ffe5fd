"""Speed and quality of the product, compared with its peers: `python -m benchmarks --help`.

In: the real batches where they are at hand, synthetic ones otherwise. Out: one table a benchmark, on the terminal and
as a section of `docs/benchmarks.md` with machine, date, protocol and command.
"""
