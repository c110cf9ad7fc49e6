"""Stand-alone models of loss and gradient: made, folded, described, written, tried in runtimes."""
