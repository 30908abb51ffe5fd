"""What every stage shares: contract, storage, documents, bundle, registry, reports, settings, errors, logs."""
