"""What every room stands on; imports nothing above it."""
