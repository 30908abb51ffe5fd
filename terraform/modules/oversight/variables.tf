variable "name" {
  description = "Name of the trail and of the budget."
  type        = string
}

variable "environment" {
  description = "Value of the tag environment, by which costs are counted."
  type        = string
}

variable "log_bucket" {
  description = "Bucket that CloudTrail may write to below cloudtrail/."
  type        = string
}

variable "cloudtrail" {
  description = "Whether this environment keeps a trail of the account."
  type        = bool
}

variable "guardduty" {
  description = "Whether this environment switches GuardDuty on; one of an account, and none where an organisation does."
  type        = bool
}

variable "budget" {
  description = "US dollars a month, and who gets a mail at 80 percent spent and at 100 percent forecast; null: no budget."
  type        = object({ monthly_usd = number, emails = set(string) })

  validation {
    condition     = var.budget == null || try(var.budget.monthly_usd > 0 && length(var.budget.emails) > 0, false)
    error_message = "A budget has an amount and somebody to tell."
  }
}
