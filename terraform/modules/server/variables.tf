variable "name" {
  description = "Name of the machine, its role and its security group."
  type        = string
}

variable "hostname" {
  description = "Name in the private DNS zone."
  type        = string
}

variable "zone_id" {
  description = "Private DNS zone."
  type        = string
}

variable "subnet_id" {
  description = "Private subnet; the data volume stays in its zone."
  type        = string
}

variable "ami_parameter" {
  description = "Public parameter of Systems Manager that holds the image's id, so that no image or owner number is written down."
  type        = string

  validation {
    condition     = startswith(var.ami_parameter, "/")
    error_message = "Give a parameter's path, such as /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64."
  }
}

variable "instance_type" {
  description = "Instance type; one that is built on Nitro, because the disk is found by its NVMe name."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of both volumes."
  type        = string
}

variable "data_volume_gb" {
  description = "Size of the data volume."
  type        = number

  validation {
    condition     = var.data_volume_gb >= 10
    error_message = "10 GB or more."
  }
}

variable "data_folder" {
  description = "Where the data volume is mounted."
  type        = string
}

variable "final_snapshot" {
  description = "Whether a destroy first takes a snapshot of the data volume."
  type        = bool
  default     = true
}

variable "detailed_monitoring" {
  description = "Measurements every minute instead of every five."
  type        = bool
  default     = true
}

variable "script" {
  description = "Shell commands that set up the service once the data volume is mounted."
  type        = string
}

variable "ingress" {
  description = "Who reaches the machine: purpose -> TCP port, and either a security group or a private range."
  type = map(object({
    port              = number
    security_group_id = optional(string)
    cidr              = optional(string)
  }))

  validation {
    condition     = alltrue([for rule in var.ingress : rule.cidr == null || !endswith(coalesce(rule.cidr, "-"), "/0")])
    error_message = "The whole internet is no client."
  }
}
