"""Other programs as children: their talk goes to a log, and none of them outlives us."""

from axs_core.process.child import Completed, ask, end_leftover, run

__all__ = ["Completed", "ask", "end_leftover", "run"]
