"""Where runs are executed: a worker process on this machine, or Kubeflow Pipelines; one protocol for both."""
