variable "name" {
  description = "Name of the bucket; the account's number is added, because bucket names are unique in the world."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,48}$", var.name))
    error_message = "Use 3 to 49 lower-case letters, digits and hyphens: with the account's number S3 allows no more."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts every object."
  type        = string
}

variable "access_log_bucket" {
  description = "Bucket that gets the access logs."
  type        = string
}

variable "expire_days" {
  description = "Prefix -> days after which its objects are deleted; a prefix not named is kept."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for prefix, days in var.expire_days : endswith(prefix, "/") && days >= 1])
    error_message = "Every prefix ends with a slash (kfp would also match kfp-notes.txt), and days are 1 or more."
  }
}

variable "noncurrent_version_days" {
  description = "Days that overwritten and deleted objects can still be brought back."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_version_days >= 7
    error_message = "Keep old versions for a week or more: mistakes are noticed late."
  }
}

variable "force_destroy" {
  description = "Whether a destroy may delete the objects with the bucket."
  type        = bool
  default     = false
}
