"""What people have lying about, read with its faults named: ``listing`` finds the images in a folder, ``labels`` and
``classes`` read lists, ``text`` decodes them, ``stand_in`` tells what lies in the place of a file.
"""


class Unusable(Exception):
    """What cannot be used as it is; ``str()`` says what and where, ``hint`` what to type."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
