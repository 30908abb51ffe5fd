"""The name of the contract that is shipped with the product, in a module that imports nothing: every task needs it."""

BUILT_IN = "field"
