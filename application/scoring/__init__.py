"""Answers at once: verdicts for single wafers by the model in production, without a run."""
