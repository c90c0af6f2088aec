"""Making what a query asks for."""
