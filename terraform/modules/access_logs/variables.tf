variable "name" {
  description = "Name of the bucket; the account's number is added, because bucket names are unique in the world."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,48}$", var.name))
    error_message = "Use 3 to 49 lower-case letters, digits and hyphens: with the account's number S3 allows no more."
  }
}

variable "retention_days" {
  description = "Days that access logs are kept."
  type        = number
  default     = 365

  validation {
    condition     = var.retention_days >= 30
    error_message = "Keep access logs for 30 days or more."
  }
}

variable "force_destroy" {
  description = "Whether a destroy may delete the logs with the bucket."
  type        = bool
  default     = false
}
