variable "name" {
  description = "Name of the VPC and prefix of what is in it."
  type        = string
}

variable "cidr" {
  description = "Private IPv4 range of the VPC; it is cut into sixteen subnets, so /16 to /20."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && can(regex("^(10|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168)\\..*/(1[6-9]|20)$", var.cidr))
    error_message = "Give a private range between /16 and /20, such as 10.20.0.0/16."
  }
}

variable "zones" {
  description = "Letters of the availability zones to spread over, in an order that never changes; EKS wants at least two."
  type        = list(string)
  default     = ["a", "b"]

  validation {
    condition     = length(distinct(var.zones)) == length(var.zones) && length(var.zones) >= 2 && length(var.zones) <= 4
    error_message = "Two to four different zones."
  }

  validation {
    condition     = alltrue([for letter in var.zones : can(regex("^[a-z]$", letter))])
    error_message = "Give the letter alone, such as a for eu-central-1a."
  }
}

variable "nat_per_zone" {
  description = "One NAT gateway a zone (an outage of one zone stays there) instead of one for all (cheaper)."
  type        = bool
  default     = false
}

variable "interface_endpoints" {
  description = "AWS services reached by an endpoint inside the VPC instead of through NAT, such as ecr.dkr; each costs by the hour and zone."
  type        = set(string)
  default     = []
}

variable "kms_key_arn" {
  description = "Key for the flow logs."
  type        = string
}
