"""The producer ``extract``, and what reads archives."""
