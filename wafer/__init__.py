"""What every stage shares: the data contract, storage, documents, the model bundle, the registry, reports, settings, errors and logs."""
