"""Data that the notebooks read, and the scripts that made them."""
