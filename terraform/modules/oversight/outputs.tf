output "trail_arn" {
  description = "The trail; null without one."
  value       = one(aws_cloudtrail.this[*].arn)
}
