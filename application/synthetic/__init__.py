"""Batches with the shape of the real line and none of its data: to try the suite with, never to judge a model by."""

from application.synthetic.batches import NOTE, Synthetic, write_drop, write_synthetic
from application.synthetic.line import Drop

__all__ = ["NOTE", "Drop", "Synthetic", "write_drop", "write_synthetic"]
