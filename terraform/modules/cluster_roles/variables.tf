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

variable "log_key_arn" {
  description = "Key of the log group of pods."
  type        = string
}

variable "log_days" {
  description = "Days that logs of pods are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365], var.log_days)
    error_message = "CloudWatch keeps 7, 14, 30, 60, 90, 180 or 365 days."
  }
}
