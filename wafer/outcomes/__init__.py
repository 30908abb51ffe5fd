"""What predicted wafers turned out to be: the outcomes as published, next to their predictions."""
