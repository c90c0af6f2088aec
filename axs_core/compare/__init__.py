"""Entries beside each other: tables, differences, replays, audits, lock files."""
