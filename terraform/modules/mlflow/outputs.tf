output "tracking_uri" {
  description = "Value of MLFLOW_TRACKING_URI in the cluster."
  value       = "https://${local.hostname}:${local.port}"
}

output "security_group_id" {
  description = "Security group of the server."
  value       = module.server.security_group_id
}

output "port" {
  description = "Port of the server."
  value       = local.port
}

output "instance_id" {
  description = "Id of the machine."
  value       = module.server.instance_id
}

output "secret" {
  description = "Name of the secret with the password of MLflow's user admin, which the server waits for."
  value       = aws_secretsmanager_secret.admin.name
}

output "certificate" {
  description = "Where the machine writes the certificate that clients trust."
  value       = "s3://${var.bucket}/certificates/mlflow.pem"
}
