"""Every figure of the papers beside ours, as one page: see `__main__`."""
