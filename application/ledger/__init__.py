"""The run ledger: what was asked for, by whom, and what became of it; every claim is one conditional write."""
