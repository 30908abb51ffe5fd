"""The wafers of predictions as lists that people work with: sorted, searched, kept as a file, compared."""
