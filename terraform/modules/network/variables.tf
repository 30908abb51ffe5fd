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

variable "zone_count" {
  description = "Availability zones to spread over; EKS wants at least two."
  type        = number
  default     = 2

  validation {
    condition     = var.zone_count >= 2 && var.zone_count <= 4
    error_message = "Two to four zones."
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
