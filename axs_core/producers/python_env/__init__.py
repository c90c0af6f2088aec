"""The producer ``python_env``."""
