"""Families of models: each file is one way to learn from wafers, and all follow one protocol.

A further family is one file here and one line in `wafer.model.recipe.FAMILIES`.
"""
