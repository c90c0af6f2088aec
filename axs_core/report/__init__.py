"""Reports: a page, and pictures, of many results."""
