"""Runs: the one shape of a run, the ledger that keeps it, and the one service that starts and follows runs."""
