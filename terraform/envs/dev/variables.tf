variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "cluster_admin_roles" {
  description = "IAM roles of this account, by name, that administer the cluster; without one nobody can run kubectl."
  type        = set(string)
  default     = []
}

variable "operator_cidrs" {
  description = "Private ranges (a VPN) that reach the Kubernetes API and the Jenkins page; empty: Session Manager tunnels only."
  type        = set(string)
  default     = []
}

variable "github_repository" {
  description = "Repository (owner/name) whose workflow copies compiled pipelines to the store; empty: none."
  type        = string
  default     = ""
}

variable "kfp_artifact_days" {
  description = "Days that artifacts between stages are kept."
  type        = number
  default     = 14
}

variable "node_count" {
  description = "Fewest, wanted and most nodes."
  type        = object({ min = number, desired = number, max = number })
  default     = { min = 1, desired = 2, max = 3 }
}
