output "role_name" {
  description = "Role of the machine, to attach policies to."
  value       = aws_iam_role.this.name
}

output "role_arn" {
  description = "The same role, to be trusted by another one."
  value       = aws_iam_role.this.arn
}

output "security_group_id" {
  description = "Security group of the machine."
  value       = aws_security_group.this.id
}

output "instance_id" {
  description = "Id of the machine, as `aws ssm start-session --target` wants it."
  value       = aws_instance.this.id
}

output "hostname" {
  description = "Name of the machine inside the VPC."
  value       = aws_route53_record.this.fqdn
}
