# The provider is a mock: this asks what the module decides, not what AWS does.
mock_provider "aws" {}

variables {
  name              = "datacrowd-api-server"
  oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.example.org/id/1"
  service_account   = "datacrowd-api-server"
  policy_json       = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
}

run "is_for_one_service_account" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.StringEquals == {
      "oidc.example.org/id/1:aud" = "sts.amazonaws.com"
      "oidc.example.org/id/1:sub" = "system:serviceaccount:datacrowd-system:datacrowd-api-server"
    }
    error_message = "Somebody else's pods may take the role."
  }
}

run "refuses_everybody" {
  command = plan
  variables {
    service_account = "*"
  }
  expect_failures = [var.service_account]
}

run "refuses_what_is_no_policy" {
  command = plan
  variables {
    policy_json = "allow all"
  }
  expect_failures = [var.policy_json]
}
