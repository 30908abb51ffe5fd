"""What gitops/ holds that is made of something else: Terraform's outputs, the DAGs, the lock of pushed images."""
