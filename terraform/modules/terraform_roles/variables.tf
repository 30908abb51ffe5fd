variable "name" {
  description = "Environment's name; the roles are <name>-terraform-plan and <name>-terraform-apply."
  type        = string
}

variable "machine_role_arn" {
  description = "Role of the machine that runs Terraform."
  type        = string

  validation {
    condition     = can(regex(":role/", var.machine_role_arn))
    error_message = "Give the ARN of one role."
  }
}

variable "data_arns" {
  description = "Objects that a plan never reads."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "Key of the objects that Terraform itself writes."
  type        = string
}
