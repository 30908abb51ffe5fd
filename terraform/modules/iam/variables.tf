variable "name" {
  description = "Prefix of every role."
  type        = string

  validation {
    condition     = length(var.name) <= 38
    error_message = "At most 38 characters: a role's name ends with its stage and IAM allows 64."
  }
}

variable "oidc_provider_arn" {
  description = "OIDC provider of the cluster."
  type        = string
}

variable "oidc_issuer" {
  description = "Issuer of the cluster's tokens, without https://."
  type        = string
}

variable "kubeflow_namespace" {
  description = "Namespace in which Kubeflow runs the stages."
  type        = string
  default     = "kubeflow"
}

variable "run_service_account" {
  description = "Service account under which Kubeflow starts a run's pods."
  type        = string
  default     = "pipeline-runner"
}

variable "application_namespace" {
  description = "Namespace of the application."
  type        = string
  default     = "wafer-fault"
}

variable "store_arn" {
  description = "Bucket of the store."
  type        = string
}

variable "ledger_arn" {
  description = "Table of the run ledger."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of store and ledger."
  type        = string
}

variable "repository_arns" {
  description = "Image repositories that CI pushes to."
  type        = list(string)
}

variable "github_repository" {
  description = "Repository (owner/name) whose workflow copies compiled pipelines to the store; empty: none."
  type        = string
  default     = ""

  validation {
    condition     = var.github_repository == "" || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "Give owner/name without any wildcard, or nothing."
  }
}

variable "github_branch" {
  description = "Branch whose workflow may do so."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.github_branch))
    error_message = "Give one branch without any wildcard."
  }
}

variable "github_provider_exists" {
  description = "Whether this account has GitHub's identity provider already: of another environment, for example."
  type        = bool
  default     = false
}

variable "signing_key_arn" {
  description = "Key that signs images."
  type        = string
}

variable "promotes_from" {
  description = "Environment of this account whose images are promoted to this one; empty: images are built for it."
  type        = string
  default     = ""
}
