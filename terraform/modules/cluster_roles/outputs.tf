output "role_arns" {
  description = "Add-on -> its role."
  value       = { for addon, role in aws_iam_role.this : addon => role.arn }
}
