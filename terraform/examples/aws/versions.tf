terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }

  # State holds names and addresses, no secret; keep it private all the same:
  # backend "s3" { … use_lockfile = true }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { app = "datacrowd" }
  }
}
