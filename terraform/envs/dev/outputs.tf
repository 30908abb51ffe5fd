output "platform" {
  description = "What images, cluster manifests and workflows need to know."
  value       = module.platform
}
