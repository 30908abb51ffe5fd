"""The model in production behind the open inference protocol, version 2: what KServe asks of a predictor."""
