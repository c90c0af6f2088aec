"""The producer ``fetch``."""
