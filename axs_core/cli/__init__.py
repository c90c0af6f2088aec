"""The command line: ``pipeline`` reads it, ``execute`` runs its ``actions``, ``format`` prints the answer."""
