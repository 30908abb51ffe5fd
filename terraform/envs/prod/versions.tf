terraform {
  required_version = ">= 1.11"

  # Bucket and region come from backend.hcl (`terraform init -backend-config=backend.hcl`; backend.hcl.example says how):
  # they name an account, and no account is named in Git.
  backend "s3" {
    key          = "wafer-fault/prod/terraform.tfstate"
    encrypt      = true
    use_lockfile = true # S3 itself keeps two applies apart
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0" # exact, since no lock file is committed (.gitignore says why)
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project     = "wafer-fault-prediction"
      environment = "prod"
      managed-by  = "terraform"
    }
  }
}
