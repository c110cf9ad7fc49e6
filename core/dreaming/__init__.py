"""dreaming."""
