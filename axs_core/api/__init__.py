"""axs from Python.

>>> from axs_core import Workspace
>>> space = Workspace()                                                                     # doctest: +SKIP
>>> run = space.byquery("speed,engine=fast,mode=steady")                              # doctest: +SKIP
>>> run["figure"], run.path                                                                 # doctest: +SKIP
"""

from axs_core.api.entry import ParameterRow, WorkspaceEntry
from axs_core.api.found import Found
from axs_core.api.work_collection import WorkCollection
from axs_core.api.workspace import Workspace

__all__ = ["Found", "ParameterRow", "WorkCollection", "Workspace", "WorkspaceEntry"]
