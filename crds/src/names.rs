//! Names that writers and readers of the resources must spell alike.

/// API group of the resources.
pub const GROUP: &str = "datacrowd.io";
/// Annotation: any new value asks for one more attempt of a stalled Dataset, Export, Model or Prediction.
pub const RETRY_AT: &str = "datacrowd.io/retry-at";
/// Annotation on a Project: the platform's billing changed; what waits for payment looks again.
pub const BILLING_REVISION: &str = "datacrowd.io/billing-revision";
/// Annotation: the trace in which REST asked for a run (W3C Trace Context); its Job goes on with it.
pub const TRACE: &str = "datacrowd.io/traceparent";
/// Annotation: `true` lets a resource go although the platform could not be told. Its rows stay.
pub const SKIP_CLEANUP: &str = "datacrowd.io/skip-cleanup";
/// Annotation: the platform id of a Dataset whose rows are to go, whatever the Project's deletion policy: its
/// own when it is deleted, those of an earlier one of the same name and another identity at once.
pub const DELETE_ROWS: &str = "datacrowd.io/delete-rows";
/// Finalizer that holds a resource until the platform has let go of it.
pub const FINALIZER: &str = "datacrowd.io/cleanup";
/// Field manager of the operator, the only writer of status.
pub const OPERATOR_MANAGER: &str = "datacrowd-operator";
/// Field manager of the REST API.
pub const API_MANAGER: &str = "datacrowd-api";
/// Label on Jobs of a Dataset: which resource a Job works for. Each kind has its own.
pub const DATASET_LABEL: &str = "datacrowd.io/dataset";
/// Label on Jobs of an Export.
pub const EXPORT_LABEL: &str = "datacrowd.io/export";
/// Label on Jobs of a Model.
pub const MODEL_LABEL: &str = "datacrowd.io/model";
/// Label on what keeps a Model loaded: by it a Deployment finds its pods, which no Job of the Model is among.
pub const PREDICTOR_LABEL: &str = "datacrowd.io/predictor";
/// Label on Jobs of a Prediction.
pub const PREDICTION_LABEL: &str = "datacrowd.io/prediction";
/// Label on Jobs: the attempt.
pub const ATTEMPT_LABEL: &str = "datacrowd.io/attempt";
/// The one label of a resource that is handed on to its Job.
pub const QUEUE_LABEL: &str = "kueue.x-k8s.io/queue-name";
/// Longest name of a resource: what Jobs append to it must still fit into 63 characters.
pub const MAX_NAME: usize = 45;
