"""Style transfer by L-BFGS."""
