# Development: one NAT gateway, few nodes, and a destroy takes everything with it.

module "platform" {
  source = "../../modules/platform"

  environment            = "dev"
  disposable             = true
  cidr                   = "10.20.0.0/16"
  zones                  = ["a", "b"]
  detailed_monitoring    = false
  kfp_artifact_days      = var.kfp_artifact_days
  quarantine_days        = 30
  node_count             = var.node_count
  cluster_admin_roles    = var.cluster_admin_roles
  public_api_cidrs       = var.public_api_cidrs
  mongodb                = var.mongodb
  github_provider_exists = var.github_provider_exists
  operator_cidrs         = var.operator_cidrs
  github_repository      = var.github_repository
  gitops_repository      = var.gitops_repository
  dns_zone_ids           = var.dns_zone_ids
  cloudtrail             = var.cloudtrail
  guardduty              = var.guardduty
  budget                 = var.budget
  terraform_state_bucket = var.terraform_state_bucket
  mlflow_requirements    = file("${path.root}/../../../locks/load_prod_model.txt") # the stage that registers: server and client agree
}
