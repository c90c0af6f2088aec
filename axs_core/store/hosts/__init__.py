"""Several processes and hosts on one work collection."""
