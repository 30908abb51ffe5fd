output "role_arns" {
  description = "plan and apply -> role."
  value       = { for use, role in aws_iam_role.this : use => role.arn }
}

output "policy_arn" {
  description = "Policy that lets the machine take them on."
  value       = aws_iam_policy.take_on.arn
}
