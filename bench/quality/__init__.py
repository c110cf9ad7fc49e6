"""How good pictures are: gradients by tiles, steadiness over frames, clipping and colors."""
