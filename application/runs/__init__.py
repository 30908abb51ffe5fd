"""Runs: what is asked for, what the ledger keeps of it, and the one service that starts and follows them."""
