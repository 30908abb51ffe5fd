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
  description = "Page and machine of Jenkins."
  value       = { url = module.jenkins.url, instance_id = module.jenkins.instance_id }
}
