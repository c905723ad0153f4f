"""Pictures: pixels, grey or black and white."""
