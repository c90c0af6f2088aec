"""Handing results on: archives that can be checked, and collections of one's own, from git and from archives."""
