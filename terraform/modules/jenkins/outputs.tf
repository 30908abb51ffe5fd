output "url" {
  description = "The page, inside the VPC."
  value       = "http://${module.server.hostname}:8080"
}

output "instance_id" {
  description = "Id of the machine, as `aws ssm start-session --target` wants it."
  value       = module.server.instance_id
}

output "role_arn" {
  description = "Role of the machine."
  value       = module.server.role_arn
}

output "secrets" {
  description = "Names of the secrets that Jenkins waits for: the page's password, and the token for Git."
  value       = { for use, secret in aws_secretsmanager_secret.this : use => secret.name }
}

output "security_group_id" {
  description = "Security group of the machine."
  value       = module.server.security_group_id
}
