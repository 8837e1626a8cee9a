//! What people are told of: few topics, each for several types of events, so that nobody has to choose among types.

use datacrowd_protocol::wire_enum;

use crate::EventType;

wire_enum! {
    /// What a person hears of, or does not.
    pub enum Topic {
        /// An export is ready, failed, or its file was removed.
        Exports = "EXPORTS" / "exports",
        /// A dataset is completed, or no tasks could be made of it.
        Datasets = "DATASETS" / "datasets",
        /// Money came, went back or is held; judgements run out.
        Payments = "PAYMENTS" / "payments",
        /// Nothing is sent to an endpoint of webhooks any more.
        Webhooks = "WEBHOOKS" / "webhooks",
        /// What a person may do in a project changed.
        Qualification = "QUALIFICATION" / "qualification",
    }
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody who belongs to the client that the event is of.
    Client,
    /// The person whom it concerns.
    Person,
}

impl Topic {
    /// The topic of a type; none where nobody is told of it.
    #[must_use]
    pub fn of(event: EventType) -> Option<Self> {
        match event {
            EventType::ExportReady | EventType::ExportFailed | EventType::ExportExpired => {
                Some(Self::Exports)
            }
            EventType::DatasetFailed | EventType::DatasetCompleted => Some(Self::Datasets),
            EventType::PaymentPaid
            | EventType::PaymentFailed
            | EventType::PaymentRefunded
            | EventType::PaymentDisputed
            | EventType::PaymentLost
            | EventType::QuotaLow
            | EventType::QuotaExhausted => Some(Self::Payments),
            EventType::WebhookDisabled => Some(Self::Webhooks),
            EventType::WorkerAdded
            | EventType::WorkerBlocked
            | EventType::WorkerQualified
            | EventType::WorkerDisqualified => Some(Self::Qualification),
            _ => None,
        }
    }

    /// Who is told of it.
    #[must_use]
    pub fn audience(self) -> Audience {
        match self {
            Self::Qualification => Audience::Person,
            _ => Audience::Client,
        }
    }

    /// Whether it is sent by e-mail to who never said a word about it. In the console, everything is shown.
    pub(crate) fn by_email(self) -> bool {
        self != Self::Datasets
    }
}

/// The names of every type that people are told of.
pub(crate) fn types() -> Vec<String> {
    let told = EventType::ALL.iter().filter(|t| Topic::of(**t).is_some());
    told.map(|t| t.name().to_owned()).collect()
}
