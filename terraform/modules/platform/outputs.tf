output "store_uri" {
  description = "Value of WAFER_STORE."
  value       = "s3://${module.store.bucket}"
}

output "mlflow_tracking_uri" {
  description = "Value of MLFLOW_TRACKING_URI."
  value       = module.mlflow.tracking_uri
}

output "ledger_table" {
  description = "DynamoDB table of the run ledger."
  value       = module.ledger.name
}

output "cluster_name" {
  description = "EKS cluster, as `aws eks update-kubeconfig --name` wants it."
  value       = module.eks.name
}

output "registry" {
  description = "Host of the image registry."
  value       = local.registry
}

output "repositories" {
  description = "Image -> repository to push to and pull from."
  value       = module.ecr.urls
}

output "role_arns" {
  description = "Workload -> role of its service account."
  value       = module.iam.role_arns
}

output "sync_role_arn" {
  description = "Role of the GitHub workflow that copies compiled pipelines; null without a repository."
  value       = module.iam.sync_role_arn
}

output "jenkins" {
  description = "Page, machine and secrets of Jenkins."
  value       = { url = module.jenkins.url, instance_id = module.jenkins.instance_id, secrets = module.jenkins.secrets }
}

output "api_endpoint" {
  description = "Address of the Kubernetes API inside the VPC, as a tunnel through Jenkins wants it."
  value       = module.eks.endpoint
}

output "mlflow_instance_id" {
  description = "Machine of MLflow, as `aws ssm start-session --target` wants it."
  value       = module.mlflow.instance_id
}

output "mlflow" {
  description = "MLflow's machine: the secret that it waits for, and the certificate that clients trust."
  value       = { secret = module.mlflow.secret, certificate = module.mlflow.certificate }
}

output "mongodb" {
  description = "Ranges and ports of MongoDB, for the network policy of the application."
  value = {
    cidrs     = var.mongodb.endpoint_service == "" ? tolist(var.mongodb.cidrs) : [var.cidr]
    from_port = one(concat(module.mongodb_atlas[*].ports.from, var.mongodb.endpoint_service == "" ? [local.mongodb_port] : []))
    to_port   = one(concat(module.mongodb_atlas[*].ports.to, var.mongodb.endpoint_service == "" ? [local.mongodb_port] : []))
  }
}

output "mongodb_endpoint_id" {
  description = "Endpoint that Atlas asks for; null where MongoDB is reached by its addresses."
  value       = one(module.mongodb_atlas[*].endpoint_id)
}

output "promote_role_arn" {
  description = "Role of the GitHub workflow that promotes images; null where nothing is promoted."
  value       = module.iam.promote_role_arn
}

output "signing_key" {
  description = "Key of the images' signatures, as cosign takes it."
  value       = module.ecr.signing_key.uri
}

output "image_signers" {
  description = "Who signs images, for the admission policy: Jenkins' key, and the workflow that promotes."
  value = {
    public_key = module.ecr.signing_public_key
    workflow   = var.github_repository == "" ? "^none$" : "^https://github\\.com/${var.github_repository}/\\.github/workflows/promote\\.yml@refs/tags/"
  }
}
