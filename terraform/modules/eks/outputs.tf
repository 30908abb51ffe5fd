output "name" {
  description = "Name of the cluster, as `aws eks update-kubeconfig --name` wants it."
  value       = aws_eks_cluster.this.name
}

output "oidc_provider_arn" {
  description = "OIDC provider that pods' roles trust."
  value       = aws_iam_openid_connect_provider.this.arn
}

output "oidc_issuer" {
  description = "Issuer of the pods' tokens, without https://."
  value       = local.issuer
}

output "node_security_group_id" {
  description = "Security group of the nodes, and so of every pod."
  value       = aws_security_group.nodes.id
}

output "endpoint" {
  description = "Address of the Kubernetes API."
  value       = aws_eks_cluster.this.endpoint
}
