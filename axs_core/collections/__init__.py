"""Folders of entries: where they are, in which order they are asked, and whose code may run."""
