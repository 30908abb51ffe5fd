variable "name" {
  description = "Name of the cluster and prefix of its roles."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,39}$", var.name))
    error_message = "Use 3 to 40 lower-case letters, digits and hyphens."
  }
}

variable "kubernetes_version" {
  description = "Kubernetes minor version."
  type        = string
  default     = "1.35"

  # AWS supports a version for 14 months at the usual price; 1.34 ends on 2026-12-02, 1.35 in March 2027.
  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version)) && try(tonumber(split(".", var.kubernetes_version)[1]) >= 35, false)
    error_message = "Give a minor version that AWS still supports, 1.35 or later."
  }
}

variable "vpc_id" {
  description = "VPC of the cluster."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in at least two zones."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "Key for Kubernetes secrets, control-plane logs and node disks."
  type        = string
}

variable "public_api_cidrs" {
  description = "Ranges that reach the Kubernetes API from the internet; empty: it has no public endpoint."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.public_api_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "Name ranges of your own, never the whole internet."
  }
}

variable "private_api_cidrs" {
  description = "Private ranges (a VPN, a jump host's subnet) that reach the Kubernetes API inside the VPC."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.private_api_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "Name ranges of your own, never the whole internet."
  }
}

variable "api_clients" {
  description = "Machines that reach the Kubernetes API inside the VPC: purpose -> security group."
  type        = map(string)
  default     = {}
}

variable "admin_roles" {
  description = "IAM roles of this account, by name (with their path), that administer the cluster."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for role in var.admin_roles : !startswith(role, "arn:")])
    error_message = "Give role names, not ARNs: account numbers stay out of the configuration."
  }
}

variable "addons" {
  description = "EKS add-on -> its version, as `aws eks describe-addon-versions` lists it; without them the cluster has the copies it starts with."
  type        = map(string)
  default = {
    vpc-cni            = "v1.21.1-eksbuild.3"
    kube-proxy         = "v1.35.0-eksbuild.2"
    coredns            = "v1.13.2-eksbuild.1"
    aws-ebs-csi-driver = "v1.55.0-eksbuild.2"
  }
}

variable "node_types" {
  description = "Instance types of the nodes; a training task asks for 1 CPU and 1 GiB and may use 2 CPUs and 4 GiB."
  type        = list(string)
  default     = ["m7i.xlarge"]
}

variable "node_count" {
  description = "Fewest, wanted and most nodes."
  type        = object({ min = number, desired = number, max = number })
  default     = { min = 2, desired = 2, max = 4 }

  validation {
    condition     = var.node_count.min <= var.node_count.desired && var.node_count.desired <= var.node_count.max && var.node_count.min >= 1
    error_message = "1 <= min <= desired <= max."
  }
}

variable "node_disk_gb" {
  description = "Disk of a node; the ten images and their layers need about 20 GB."
  type        = number
  default     = 60

  validation {
    condition     = var.node_disk_gb >= 40
    error_message = "40 GB or more."
  }
}

variable "node_egress" {
  description = "What the nodes may reach beside HTTPS: purpose -> TCP port (or a range of them), and either a security group or a range of addresses."
  type = map(object({
    port              = number
    to_port           = optional(number)
    security_group_id = optional(string)
    cidr              = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for rule in var.node_egress : rule.cidr == null || !endswith(coalesce(rule.cidr, "-"), "/0")])
    error_message = "Name the ranges that are meant, never the whole internet."
  }
}
