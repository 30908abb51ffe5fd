output "role_arns" {
  description = "Workload -> role, for the service accounts' annotations and the ConfigMap of the stages' roles."
  value       = { for workload, role in aws_iam_role.workload : workload => role.arn }
}

output "image_push_policy_arn" {
  description = "Policy that lets a machine push images."
  value       = aws_iam_policy.image_push.arn
}

output "sync_role_arn" {
  description = "Role of the GitHub workflow that copies compiled pipelines; null without a repository."
  value       = one(aws_iam_role.sync[*].arn)
}

output "promote_role_arn" {
  description = "Role of the GitHub workflow that promotes images; null where nothing is promoted."
  value       = one(aws_iam_role.promote[*].arn)
}
