"""Notices to other systems: what happened, who is told, and what became of each notice."""
