"""How long cases are kept and how they are erased, and whether the installation is whole."""
