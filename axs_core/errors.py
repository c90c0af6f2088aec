"""The errors of axs under the name by which code outside the engine imports them."""

from axs_core.base.errors import *  # noqa: F403
