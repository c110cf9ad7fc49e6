"""What a network file may be, checked before native code sees it."""
