"""Bundles: all that queries need from the network, in one file for a machine that has none."""
