"""The `wafer` command."""
