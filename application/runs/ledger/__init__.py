"""The run ledger: SQLite on one machine, DynamoDB on AWS."""
