variable "name" {
  description = "Environment's name; the machine is called <name>-jenkins."
  type        = string
}

variable "environment" {
  description = "Name below terraform/envs, whose Terraform the jobs run."
  type        = string
}

variable "github_repository" {
  description = "Repository (owner/name) of the jobs; empty: no job is made."
  type        = string
}

variable "terraform" {
  description = "Bucket of the state, and the roles that plan and apply (.ci/terraform); without a bucket that job fails."
  type        = object({ state_bucket = string, role_arns = map(string) })
}

variable "secret_key_arn" {
  description = "Key of Jenkins' two secrets."
  type        = string
}

variable "plugin_manager_version" {
  description = "Version of the program that installs plugins.txt."
  type        = string
  default     = "2.14.0"
}

variable "subnet_id" {
  description = "Private subnet of the machine."
  type        = string
}

variable "zone_id" {
  description = "Private DNS zone."
  type        = string
}

variable "zone_name" {
  description = "Name of that zone; the machine is jenkins.<zone>."
  type        = string
}

variable "operator_cidrs" {
  description = "Private ranges (a VPN) that reach the page on port 8080."
  type        = set(string)
  default     = []
}

variable "policy_arns" {
  description = "What the machine may do: name -> IAM policy."
  type        = map(string)
}

variable "registry" {
  description = "Host of the image registry, whose logins come from the machine's role."
  type        = string
}

variable "volume_key_arn" {
  description = "Key of the machine's volumes."
  type        = string
}

variable "jenkins_version" {
  description = "Jenkins LTS version."
  type        = string
  default     = "2.555.1"

  validation {
    condition     = can(regex("^2\\.[0-9]+\\.[0-9]+$", var.jenkins_version))
    error_message = "Give an LTS version of three parts, such as 2.555.1."
  }
}

variable "terraform_version" {
  description = "Terraform that the gate runs."
  type        = string
  default     = "1.11.4"

  validation {
    condition     = can(regex("^1\\.[0-9]+\\.[0-9]+$", var.terraform_version))
    error_message = "Give a version of three parts, such as 1.11.4."
  }
}

variable "repository_key_url" {
  description = "Key that signs the Jenkins packages; the project changes it every three years."
  type        = string
  default     = "https://pkg.jenkins.io/debian-stable/jenkins.io-2026.key"

  validation {
    condition     = startswith(var.repository_key_url, "https://")
    error_message = "A signing key is fetched over HTTPS only."
  }
}

variable "instance_type" {
  description = "Instance type of the machine."
  type        = string
  default     = "m7i.large"
}

variable "ami_parameter" {
  description = "Systems Manager parameter of a Debian 13 image: it has podman, which Amazon Linux lacks, and installs over HTTPS."
  type        = string
  default     = "/aws/service/debian/release/13/latest/amd64"
}

variable "data_volume_gb" {
  description = "Disk of Jenkins' home and of podman's layers."
  type        = number
  default     = 100
}

variable "final_snapshot" {
  description = "Whether a destroy first takes a snapshot of Jenkins' home."
  type        = bool
  default     = true
}

variable "detailed_monitoring" {
  description = "Measurements every minute instead of every five."
  type        = bool
  default     = true
}

variable "signing_key" {
  description = "Key that signs images, as cosign takes it."
  type        = string
}

variable "gitops_repository" {
  description = "Address of the repository whose gitops/ ArgoCD deploys; empty: the one with the code."
  type        = string
  default     = ""
}

variable "source_signing_key" {
  description = "Key that signed the images that are promoted from another environment; empty: the same."
  type        = string
  default     = ""
}

variable "cosign_version" {
  description = "Version of cosign, which signs images."
  type        = string
  default     = "2.6.1"
}
