"""The table of wafers: its file format, and the arrays that models learn from."""
