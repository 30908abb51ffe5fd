# Laid over a copy of terraform/ to try an environment against moto's server, without an account. AWS_ENDPOINT_URL names the server.

terraform {
  backend "local" {}
}

provider "aws" {
  access_key                  = "testing"
  secret_key                  = "testing"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

module "platform" {
  addons                = {}                                                                      # moto has no EKS add-ons
  mlflow_requirements   = null                                                                    # moto denies reading an object where a policy denies anything
  jenkins_ami_parameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64" # moto knows Amazon's images only
}

variable "mongodb" {
  default = { cidrs = ["192.0.2.0/24"] }
}
