variable "name" {
  description = "Environment's name; the endpoint is called <name>-mongodb."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the endpoint."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets, one a zone."
  type        = list(string)
}

variable "client_security_group_id" {
  description = "Security group of the nodes, whose pods are the only clients."
  type        = string
}

variable "service_name" {
  description = "Name of the endpoint service that Atlas made."
  type        = string

  validation {
    condition     = can(regex("^com\\.amazonaws\\.vpce\\.[a-z0-9-]+\\.vpce-svc-[0-9a-f]+$", var.service_name))
    error_message = "Give the name that Atlas shows, such as com.amazonaws.vpce.eu-central-1.vpce-svc-0123456789abcdef0."
  }
}
