"""Deep Dream and Style Transfer in Krita, over what all editors share."""
