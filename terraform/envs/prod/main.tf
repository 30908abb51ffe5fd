# Production: three zones that fail alone, AWS services reached inside the VPC, and nothing that holds data goes with a destroy.

module "platform" {
  source = "../../modules/platform"

  environment            = "prod"
  disposable             = false
  cidr                   = "10.30.0.0/16"
  zones                  = ["a", "b", "c"]
  nat_per_zone           = true
  interface_endpoints    = ["ecr.api", "ecr.dkr", "sts", "logs", "ssm", "ssmmessages", "ec2messages"]
  kfp_artifact_days      = var.kfp_artifact_days
  quarantine_days        = 365
  node_count             = var.node_count
  cluster_admin_roles    = var.cluster_admin_roles
  public_api_cidrs       = var.public_api_cidrs
  mongodb                = var.mongodb
  github_provider_exists = var.github_provider_exists
  operator_cidrs         = var.operator_cidrs
  github_repository      = var.github_repository
  gitops_repository      = var.gitops_repository
  promotes_from          = "dev"
  dns_zone_ids           = var.dns_zone_ids
  cloudtrail             = var.cloudtrail
  guardduty              = var.guardduty
  budget                 = var.budget
  terraform_state_bucket = var.terraform_state_bucket
  mlflow_requirements    = file("${path.root}/../../../locks/load_prod_model.txt") # the stage that registers: server and client agree
  mlflow_instance_type   = "m7i.large"
}
