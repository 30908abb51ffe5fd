"""Runs on this machine: one worker process a run."""
