output "url" {
  description = "The page, inside the VPC."
  value       = "http://${module.server.hostname}:8080"
}

output "instance_id" {
  description = "Id of the machine, as `aws ssm start-session --target` wants it."
  value       = module.server.instance_id
}

output "security_group_id" {
  description = "Security group of the machine."
  value       = module.server.security_group_id
}
