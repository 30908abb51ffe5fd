variable "prefix" {
  description = "First part of every repository's name."
  type        = string
  default     = "wafer-fault"

  validation {
    condition     = can(regex("^[a-z0-9]+([._-][a-z0-9]+)*$", var.prefix))
    error_message = "Lower-case letters and digits, joined by single dots, hyphens or underscores."
  }
}

variable "images" {
  description = "Images: every stage, named as its folder, and the application."
  type        = set(string)

  validation {
    condition     = alltrue([for image in var.images : can(regex("^[a-z0-9]+([._-][a-z0-9]+)*$", image))])
    error_message = "An image is named by lower-case letters and digits, joined by single dots, hyphens or underscores."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the images."
  type        = string
}

variable "kept_images" {
  description = "Images kept in each repository."
  type        = number
  default     = 50

  validation {
    condition     = var.kept_images >= 10
    error_message = "Keep ten or more: an image in use must never be the oldest one."
  }
}

variable "force_delete" {
  description = "Whether a destroy may delete the images with their repository."
  type        = bool
  default     = false
}
