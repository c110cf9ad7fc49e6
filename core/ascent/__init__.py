"""The algorithm: gradient ascent over octaves, tiles and steps, on any backend."""
