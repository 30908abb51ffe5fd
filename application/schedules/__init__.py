"""Predictions that start by themselves: where they look, how often, and what came of the last look."""
