output "urls" {
  description = "Image -> repository URL, to push to and pull from."
  value       = { for image, repository in aws_ecr_repository.this : image => repository.repository_url }
}

output "arns" {
  description = "ARNs of the repositories."
  value       = [for repository in aws_ecr_repository.this : repository.arn]
}

output "signing_key" {
  description = "ARN of the key that signs images, and its name as cosign takes it."
  value       = { arn = aws_kms_key.signing.arn, uri = "awskms:///${aws_kms_alias.signing.name}" }
}

output "signing_public_key" {
  description = "The public half of that key, as PEM."
  value       = data.aws_kms_public_key.signing.public_key_pem
}
