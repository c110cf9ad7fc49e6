"""The networks that ship with dreamlayer, rebuilt from their published sources."""
