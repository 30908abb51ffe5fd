output "tracking_uri" {
  description = "Value of MLFLOW_TRACKING_URI in the cluster."
  value       = "http://${local.hostname}:${local.port}"
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
