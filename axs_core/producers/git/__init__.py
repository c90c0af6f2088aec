"""The producer ``git``."""
