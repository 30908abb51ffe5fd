"""When to train again: what has come since the last training, the decision about it, and the history of decisions."""
