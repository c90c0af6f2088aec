"""Producers: one file each, one protocol (see ``base``)."""
