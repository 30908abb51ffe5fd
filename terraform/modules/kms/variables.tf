variable "name" {
  description = "Alias of the key, without the prefix alias/."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,60}$", var.name))
    error_message = "Use 3 to 61 lower-case letters, digits and hyphens."
  }
}

variable "description" {
  description = "What the key protects."
  type        = string
}

variable "deletion_window_days" {
  description = "Days between asking for the key's deletion and losing everything that it encrypts."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "KMS takes 7 to 30 days."
  }
}

variable "for_logs" {
  description = "Whether CloudWatch Logs may encrypt this account's log groups with the key."
  type        = bool
  default     = false
}

variable "for_volumes" {
  description = "Whether EBS volumes of this account may be encrypted with the key."
  type        = bool
  default     = false
}
