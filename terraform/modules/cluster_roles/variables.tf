variable "cluster_name" {
  description = "Name of the cluster, whose tag holds what the add-ons may change."
  type        = string
}

variable "vpc_id" {
  description = "Network of the cluster."
  type        = string
}

variable "node_security_group_id" {
  description = "Security group of the nodes, which the load balancer is let into."
  type        = string
}

variable "dns_zone_ids" {
  description = "Zones of Route 53 in which external-dns writes the application's name; empty: none."
  type        = set(string)

  validation {
    condition     = alltrue([for zone in var.dns_zone_ids : can(regex("^Z[A-Z0-9]+$", zone))])
    error_message = "Give ids of zones, such as Z0123456789ABC, not their names."
  }
}
