"""Deep Dream in the right-click menus of file managers: put there, checked, removed, and run."""
