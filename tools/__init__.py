"""Scripts for people who edit notebooks. They are not part of the wheel."""
