output "security_group_id" {
  description = "Security group of the endpoint."
  value       = aws_security_group.this.id
}

output "ports" {
  description = "First and last port of the members behind the endpoint."
  value       = local.ports
}

output "endpoint_id" {
  description = "Id of the endpoint, which Atlas asks for."
  value       = aws_vpc_endpoint.this.id
}
