"""The network that ships with dreamlayer, rebuilt from its published source."""
