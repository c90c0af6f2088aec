"""Looking after a work collection over the years: sizes, verification, what may go, and moving it."""
