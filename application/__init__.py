"""What people touch: the `wafer` command, synthetic batches to try it with, and the backends that run the pipelines."""
