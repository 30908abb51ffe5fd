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

variable "mongodb" {
  description = "Where MongoDB is: ranges of its addresses (port 27017), or the name of the endpoint service that Atlas made for PrivateLink."
  type        = object({ cidrs = optional(set(string), []), endpoint_service = optional(string, "") })
}

variable "public_api_cidrs" {
  description = "Ranges that reach the Kubernetes API from the internet; empty: it has no public endpoint, and a tunnel through Jenkins is the way."
  type        = set(string)
  default     = []
}

variable "github_provider_exists" {
  description = "Whether this account has GitHub's identity provider already: of another environment, for example."
  type        = bool
  default     = false
}

variable "terraform_state_bucket" {
  description = "Bucket of the Terraform state, where Jenkins plans and applies; empty: Jenkins has no role for that."
  type        = string
  default     = ""
}

variable "cloudtrail" {
  description = "Whether this environment keeps a trail of the account; leave it off where an organisation has one."
  type        = bool
  default     = false
}

variable "guardduty" {
  description = "Whether this environment switches GuardDuty on; one of an account, and none where an organisation does."
  type        = bool
  default     = false
}

variable "budget" {
  description = "US dollars a month, and who gets a mail at 80 percent spent and at 100 percent forecast; null: no budget."
  type        = object({ monthly_usd = number, emails = set(string) })
  default     = null
}

variable "dns_zone_ids" {
  description = "Zones of Route 53 in which external-dns writes the application's name; empty: none."
  type        = set(string)
  default     = []
}

variable "gitops_repository" {
  description = "Address of the repository whose gitops/ ArgoCD deploys, where that is not the one with the code; empty: it is."
  type        = string
  default     = ""
}
