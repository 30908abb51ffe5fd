"""Which images a change makes anew, and what is in each of them."""
