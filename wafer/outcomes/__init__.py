"""What predicted wafers turned out to be: the outcomes as they are published, beside the predictions they belong to."""
