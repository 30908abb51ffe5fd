"""What an environment costs a month, by its Terraform plan."""
