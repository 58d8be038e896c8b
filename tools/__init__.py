"""Scripts for people who edit notebooks. The wheel doesn't contain these scripts."""
