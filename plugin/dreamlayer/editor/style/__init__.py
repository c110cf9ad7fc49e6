"""What Style Transfer has beside the dream, in all editors: its words, pictures and preview."""
