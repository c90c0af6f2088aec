"""What extends axs: producers, collections and commands, the shipped ones and those of installed packages."""
