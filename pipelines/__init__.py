"""The training and the prediction DAG, compiled to packages that Kubeflow and the embedded run both execute."""
