"""How good a model is: figures, their uncertainty, and the plots that show them."""
