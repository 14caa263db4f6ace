"""The graph of steps and its run on Dask; knows nothing of sarcoma."""
