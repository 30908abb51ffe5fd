variable "name" {
  description = "Environment's name; the machine is called <name>-mlflow."
  type        = string
}

variable "subnet_id" {
  description = "Private subnet of the machine."
  type        = string
}

variable "zone_id" {
  description = "Private DNS zone."
  type        = string
}

variable "zone_name" {
  description = "Name of that zone; the server answers to mlflow.<zone>."
  type        = string
}

variable "client_security_group_id" {
  description = "Security group of the nodes, whose pods are the only clients."
  type        = string
}

variable "bucket" {
  description = "Bucket for artifacts, backups and the package lock."
  type        = string
}

variable "bucket_arn" {
  description = "ARN of that bucket."
  type        = string
}

variable "bucket_key_arn" {
  description = "Key of that bucket."
  type        = string
}

variable "volume_key_arn" {
  description = "Key of the machine's volumes and of its password."
  type        = string
}

variable "requirements" {
  description = "Text of a hashed package lock with mlflow and boto3, for Python 3.11; null: the image brings /opt/mlflow."
  type        = string

  validation {
    condition = var.requirements == null ? true : alltrue([
      for pin in ["mlflow==", "boto3=="] : can(regex("(?m)^${pin}[0-9][^\\n]*\\\\\\n +--hash=sha256:", var.requirements))
    ])
    error_message = "The lock must pin mlflow and boto3 and carry hashes."
  }
}

variable "instance_type" {
  description = "Instance type of the machine."
  type        = string
  default     = "t3.medium"
}

variable "ami_parameter" {
  description = "Systems Manager parameter of an Amazon Linux 2023 image."
  type        = string
  default     = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

variable "data_volume_gb" {
  description = "Disk of the database; a training writes about 1 MB."
  type        = number
  default     = 20
}

variable "final_snapshot" {
  description = "Whether a destroy first takes a snapshot of the database's disk."
  type        = bool
  default     = true
}

variable "detailed_monitoring" {
  description = "Measurements every minute instead of every five."
  type        = bool
  default     = true
}
