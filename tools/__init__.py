"""Scripts for people who edit the notebooks. The wheel doesn't contain these scripts."""
