# What watches the account: who did what (CloudTrail), what looks like an attack (GuardDuty), what it costs (a budget that mails).
# An account has GuardDuty once a region, so a second environment leaves it to the first.

resource "aws_cloudtrail" "this" {
  count = var.cloudtrail ? 1 : 0

  #checkov:skip=CKV_AWS_35:the bucket takes S3's own keys only, since S3 delivers access logs there too
  #checkov:skip=CKV_AWS_252:whoever wants a message a file sets one up; alarms come from GuardDuty
  #checkov:skip=CKV2_AWS_10:the trail is read with Athena from its bucket; CloudWatch would keep a second copy
  name                          = var.name
  s3_bucket_name                = var.log_bucket
  s3_key_prefix                 = "cloudtrail"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
}

resource "aws_guardduty_detector" "this" {
  count = var.guardduty ? 1 : 0

  #checkov:skip=CKV2_AWS_3:an organisation switches GuardDuty on for all its accounts by itself and leaves this flag alone
  enable = true
}

resource "aws_budgets_budget" "this" {
  count = var.budget == null ? 0 : 1

  name         = var.name
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_unit   = "USD"
  limit_amount = tostring(var.budget.monthly_usd)

  # Costs of the resources with this environment's tag; the account has to activate `environment` as a cost allocation tag.
  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:environment$%s", var.environment)]
  }

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 } # percent of the limit

    content {
      notification_type          = notification.key
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      comparison_operator        = "GREATER_THAN"
      subscriber_email_addresses = var.budget.emails
    }
  }
}
