"""From a network file to the gradient of an objective."""
