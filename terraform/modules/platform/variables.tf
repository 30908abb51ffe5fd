variable "environment" {
  description = "Name of the environment, part of every resource's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "2 to 10 lower-case letters and digits, a letter first."
  }
}

variable "disposable" {
  description = "Whether a destroy may take the data with it; false protects buckets, images and ledger and snapshots disks."
  type        = bool
  default     = false
}

variable "cidr" {
  description = "Private range of the VPC."
  type        = string
}

variable "zones" {
  description = "Letters of the availability zones."
  type        = list(string)
  default     = ["a", "b"]
}

variable "nat_per_zone" {
  description = "One NAT gateway a zone instead of one for all."
  type        = bool
  default     = false
}

variable "interface_endpoints" {
  description = "AWS services reached inside the VPC instead of through NAT."
  type        = set(string)
  default     = []
}

variable "kfp_artifact_days" {
  description = "Days that artifacts between stages are kept; the lineage in Kubeflow's page ends with them."
  type        = number
  default     = 30

  validation {
    condition     = var.kfp_artifact_days >= 7
    error_message = "Keep them a week or more: a failed run is resumed from them."
  }
}

variable "quarantine_days" {
  description = "Days that refused files and rows are kept."
  type        = number
  default     = 180

  validation {
    condition     = var.quarantine_days >= 30
    error_message = "Keep refused files a month or more, for those who mend them."
  }
}

variable "noncurrent_version_days" {
  description = "Days that overwritten and deleted objects can be brought back."
  type        = number
  default     = 30
}

variable "kubernetes_version" {
  description = "Kubernetes minor version."
  type        = string
  default     = "1.35"
}

variable "node_types" {
  description = "Instance types of the nodes."
  type        = list(string)
  default     = ["m7i.xlarge"]
}

variable "node_count" {
  description = "Fewest, wanted and most nodes."
  type        = object({ min = number, desired = number, max = number })
  default     = { min = 2, desired = 2, max = 4 }
}

variable "addons" {
  description = "EKS add-on -> its version."
  type        = map(string)
  default = {
    vpc-cni            = "v1.21.1-eksbuild.3"
    kube-proxy         = "v1.35.0-eksbuild.2"
    coredns            = "v1.13.2-eksbuild.1"
    aws-ebs-csi-driver = "v1.55.0-eksbuild.2"

    eks-pod-identity-agent = "v1.3.10-eksbuild.2"
  }
}

variable "cluster_admin_roles" {
  description = "IAM roles of this account, by name, that administer the cluster."
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

variable "detailed_monitoring" {
  description = "Measure the machines every minute instead of every five."
  type        = bool
  default     = true
}

variable "mlflow_requirements" {
  description = "Text of the hashed package lock that the MLflow server installs; null: its image brings MLflow."
  type        = string
}

variable "mlflow_instance_type" {
  description = "Instance type of the MLflow server."
  type        = string
  default     = "t3.medium"
}

variable "jenkins_ami_parameter" {
  description = "Systems Manager parameter of Jenkins' Debian image."
  type        = string
  default     = "/aws/service/debian/release/13/latest/amd64"
}

variable "mongodb" {
  description = "Where MongoDB is: ranges of its addresses (port 27017), or the name of the endpoint service that Atlas made for PrivateLink."
  type        = object({ cidrs = optional(set(string), []), endpoint_service = optional(string, "") })

  validation {
    condition     = (length(var.mongodb.cidrs) > 0) != (var.mongodb.endpoint_service != "")
    error_message = "Say where MongoDB is, in one way: cidrs or endpoint_service."
  }
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

variable "promotes_from" {
  description = "Environment of this account whose images are promoted to this one; empty: images are built for it."
  type        = string
  default     = ""
}

variable "gitops_repository" {
  description = "Address of the repository whose gitops/ ArgoCD deploys, where that is not the one with the code; empty: it is."
  type        = string
  default     = ""
}
