# Everything of one environment. The environments below envs/ differ only in what they pass in here.

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  name     = "wafer-fault-${var.environment}"
  registry = "${data.aws_caller_identity.current.account_id}.dkr.ecr.${data.aws_region.current.name}.amazonaws.com"

  mongodb_port = 27017

  # Every image has a lock of its packages; stage.txt is what the images of all stages share.
  images = [for lock in fileset("${path.module}/../../../locks", "*.txt") : trimsuffix(lock, ".txt") if lock != "stage.txt"]
}

# Two keys: whoever may read the data need not be able to read disks, cluster secrets and logs.
module "data_key" {
  source = "../kms"

  name                 = "${local.name}-data"
  description          = "Batches, models, predictions, images and run ledger of ${local.name}"
  deletion_window_days = var.disposable ? 7 : 30
}

module "platform_key" {
  source = "../kms"

  name                 = "${local.name}-platform"
  description          = "Disks, Kubernetes secrets and logs of ${local.name}"
  deletion_window_days = var.disposable ? 7 : 30
  for_logs             = true
  for_volumes          = true
}

module "network" {
  source = "../network"

  name                = local.name
  cidr                = var.cidr
  zones               = var.zones
  nat_per_zone        = var.nat_per_zone
  interface_endpoints = var.interface_endpoints
  kms_key_arn         = module.platform_key.arn
}

module "access_logs" {
  source = "../access_logs"

  name          = "${local.name}-access-logs"
  force_destroy = var.disposable
}

# raw/, training/, predictions/ and pipelines/ are kept; what Kubeflow passes between stages can be made again.
module "store" {
  source = "../s3"

  name                    = "${local.name}-store"
  kms_key_arn             = module.data_key.arn
  access_log_bucket       = module.access_logs.bucket
  noncurrent_version_days = var.noncurrent_version_days
  force_destroy           = var.disposable

  expire_days = {
    "backups/"    = 30 # of Kubeflow's database, one a night
    "kfp/"        = var.kfp_artifact_days
    "quarantine/" = var.quarantine_days
    "units/"      = var.kfp_artifact_days # what a failed task keeps for its retry
  }
}

module "mlflow_bucket" {
  source = "../s3"

  name                    = "${local.name}-mlflow"
  kms_key_arn             = module.data_key.arn
  access_log_bucket       = module.access_logs.bucket
  noncurrent_version_days = var.noncurrent_version_days
  force_destroy           = var.disposable

  expire_days = { "backups/" = 30 }
}

module "ecr" {
  source = "../ecr"

  prefix       = local.name
  images       = local.images
  kms_key_arn  = module.data_key.arn
  force_delete = var.disposable
}

module "ledger" {
  source = "../dynamodb"

  name                = "${local.name}-runs"
  kms_key_arn         = module.data_key.arn
  deletion_protection = !var.disposable
}

module "eks" {
  source = "../eks"

  name               = local.name
  kubernetes_version = var.kubernetes_version
  vpc_id             = module.network.vpc_id
  subnet_ids         = module.network.private_subnet_ids
  kms_key_arn        = module.platform_key.arn
  private_api_cidrs  = var.operator_cidrs
  public_api_cidrs   = var.public_api_cidrs
  admin_roles        = var.cluster_admin_roles
  addons             = var.addons
  node_types         = var.node_types
  node_count         = var.node_count
  node_egress = merge(
    { "MLflow server" = { security_group_id = module.mlflow.security_group_id, port = module.mlflow.port } },
    { for cidr in var.mongodb.cidrs : "MongoDB at ${cidr}" => { cidr = cidr, port = local.mongodb_port } },
    { for atlas in module.mongodb_atlas : "MongoDB endpoint" => {
      security_group_id = atlas.security_group_id, port = atlas.ports.from, to_port = atlas.ports.to
    } },
  )
  api_clients = { "Jenkins, and tunnels through it" = module.jenkins.security_group_id }
}

module "mongodb_atlas" {
  source = "../mongodb_atlas"
  count  = var.mongodb.endpoint_service == "" ? 0 : 1

  name                     = local.name
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.private_subnet_ids
  client_security_group_id = module.eks.node_security_group_id
  service_name             = var.mongodb.endpoint_service
}

module "iam" {
  source = "../iam"

  name              = local.name
  oidc_provider_arn = module.eks.oidc_provider_arn
  oidc_issuer       = module.eks.oidc_issuer
  store_arn         = module.store.arn
  ledger_arn        = module.ledger.arn
  kms_key_arn       = module.data_key.arn
  repository_arns   = module.ecr.arns
  github_repository = var.github_repository

  github_provider_exists = var.github_provider_exists
  signing_key_arn        = module.ecr.signing_key.arn
  promotes_from          = var.promotes_from
}

module "mlflow" {
  source = "../mlflow"

  name                     = local.name
  subnet_id                = module.network.private_subnet_ids[0]
  zone_id                  = module.network.internal_zone_id
  zone_name                = module.network.internal_zone_name
  client_security_group_id = module.eks.node_security_group_id
  bucket                   = module.mlflow_bucket.bucket
  bucket_arn               = module.mlflow_bucket.arn
  bucket_key_arn           = module.data_key.arn
  volume_key_arn           = module.platform_key.arn
  requirements             = var.mlflow_requirements
  instance_type            = var.mlflow_instance_type
  final_snapshot           = !var.disposable
  detailed_monitoring      = var.detailed_monitoring
}

module "jenkins" {
  source = "../jenkins"

  name                = local.name
  subnet_id           = module.network.private_subnet_ids[0]
  zone_id             = module.network.internal_zone_id
  zone_name           = module.network.internal_zone_name
  operator_cidrs      = var.operator_cidrs
  environment         = var.environment
  github_repository   = var.github_repository
  secret_key_arn      = module.platform_key.arn
  gitops_repository   = var.gitops_repository
  registry            = local.registry
  signing_key         = module.ecr.signing_key.uri
  source_signing_key  = var.promotes_from == "" ? "" : "awskms:///alias/wafer-fault-${var.promotes_from}-images"
  volume_key_arn      = module.platform_key.arn
  ami_parameter       = var.jenkins_ami_parameter
  final_snapshot      = !var.disposable
  detailed_monitoring = var.detailed_monitoring
  policy_arns         = merge({ image_push = module.iam.image_push_policy_arn }, { for roles in module.terraform_roles : "terraform" => roles.policy_arn })
  terraform           = { state_bucket = var.terraform_state_bucket, role_arns = merge(module.terraform_roles[*].role_arns...) }
}

module "terraform_roles" {
  source = "../terraform_roles"
  count  = var.terraform_state_bucket == "" ? 0 : 1

  name             = local.name
  machine_role_arn = module.jenkins.role_arn
  kms_key_arn      = module.data_key.arn
  data_arns        = ["${module.store.arn}/*", "${module.mlflow_bucket.arn}/artifacts/*", "${module.mlflow_bucket.arn}/backups/*"]
}

module "oversight" {
  source = "../oversight"

  name        = local.name
  environment = var.environment
  log_bucket  = module.access_logs.bucket
  cloudtrail  = var.cloudtrail
  guardduty   = var.guardduty
  budget      = var.budget
}

module "cluster_roles" {
  source = "../cluster_roles"

  cluster_name           = module.eks.name
  vpc_id                 = module.network.vpc_id
  node_security_group_id = module.eks.node_security_group_id
  dns_zone_ids           = var.dns_zone_ids
  log_key_arn            = module.platform_key.arn
}
