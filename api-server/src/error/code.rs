//! The API server's own codes, each once: its status, and what is said with it.

use std::fmt::Display;

use axum::http::StatusCode;
use datacrowd_protocol::problem::BLANK;

macro_rules! codes {
    ($($name:ident = $status:ident / $code:literal / $says:literal,)+) => {
        /// What the API server itself refuses or fails at. The contexts have codes of their own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $(#[doc = $says] $name,)+ }

        impl Code {
            /// Every code, by status and name.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its stable name in bodies.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The status that it is answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// What is said with it, with a [`BLANK`] for each thing that differs. Where the occasion is known better, other words are said.
            pub const fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)+ }
            }
        }
    };
}

codes! {
    BadRequest = BAD_REQUEST / "bad_request" / "The request cannot be read; see /docs for its form.",
    HostRequired = BAD_REQUEST / "host_required" / "The header Host is missing, given twice or no host name; send it once.",
    InvalidEvent = BAD_REQUEST / "invalid_event" / "The body is not an event; see Stripe's documentation of webhooks.",
    InvalidJson = BAD_REQUEST / "invalid_json" / "The body is not JSON: ….",
    SignatureInvalid = BAD_REQUEST / "signature_invalid" / "The signature does not fit the body; check the endpoint's signing secret, and that nothing alters the body on its way.",
    SignatureMissing = BAD_REQUEST / "signature_missing" / "Send the body with one Stripe-Signature header, as Stripe makes it.",
    SignatureStale = BAD_REQUEST / "signature_stale" / "The signature is more than five minutes away from our clock; check the clocks, and let Stripe send it again.",
    InternalTokenMissing = UNAUTHORIZED / "internal_token_missing" / "Send the internal token in X-Internal-Token.",
    InvalidCredentials = UNAUTHORIZED / "invalid_credentials" / "The name or the password is wrong; check both.",
    InvalidRefreshToken = UNAUTHORIZED / "invalid_refresh_token" / "This refresh token is not valid any more; sign in again.",
    InvalidToken = UNAUTHORIZED / "invalid_token" / "The access token is not valid; sign in again.",
    InvitationInvalid = UNAUTHORIZED / "invitation_invalid" / "This invitation is unknown, used or too old; ask an ADMIN for a new one.",
    RefreshTokenReused = UNAUTHORIZED / "refresh_token_reused" / "This refresh token was used before, so its session was ended; sign in again.",
    ResetLinkInvalid = UNAUTHORIZED / "reset_link_invalid" / "This reset link is unknown, used or too old; ask an ADMIN for a new one.",
    RunnerTokenMissing = UNAUTHORIZED / "runner_token_missing" / "Send the pod's projected token as Authorization: Bearer.",
    RunnerTokenWrong = UNAUTHORIZED / "runner_token_wrong" / "The cluster does not accept this token; read it from its file again.",
    SessionOver = UNAUTHORIZED / "session_over" / "The session is over; sign in again.",
    TokenExpired = UNAUTHORIZED / "token_expired" / "The access token has expired; use the refresh token.",
    TotpRequired = UNAUTHORIZED / "totp_required" / "This account has a second step; send a code of your device, or a recovery code, as totp.",
    TotpWrong = UNAUTHORIZED / "totp_wrong" / "The code is wrong or was used before; wait for the next one.",
    Unauthenticated = UNAUTHORIZED / "unauthenticated" / "Sign in, and send the access token as Authorization: Bearer.",
    UserDisabled = UNAUTHORIZED / "user_disabled" / "This account is disabled; ask an ADMIN.",
    Forbidden = FORBIDDEN / "forbidden" / "This is for the role …; ask an ADMIN to give it to you.",
    InsufficientScope = FORBIDDEN / "insufficient_scope" / "This token lacks the scope …; make one that has it.",
    InternalTokenWrong = FORBIDDEN / "internal_token_wrong" / "The internal token is wrong; read it from the platform's Secret again.",
    InvitationRequired = FORBIDDEN / "invitation_required" / "Registration is by invitation here; ask an ADMIN for one, and send its token as invitation.",
    OwnCredentials = FORBIDDEN / "own_credentials" / "The source is read with the keys of source.credentialsSecretRef; the platform signs nothing for it.",
    ReauthenticationRequired = FORBIDDEN / "reauthentication_required" / "This needs your password of the last ten minutes; give it to POST /me/reauthenticate, then repeat this.",
    SessionRequired = FORBIDDEN / "session_required" / "A personal token cannot do this; sign in with your password.",
    SourceForbidden = FORBIDDEN / "source_forbidden" / "…, in a Dataset under a new name.",
    SignInDisabled = FORBIDDEN / "user_disabled" / "This account is disabled; ask an ADMIN.",
    WrongPassword = FORBIDDEN / "wrong_password" / "The present password is wrong; check it.",
    MediaMissing = NOT_FOUND / "media_missing" / "The file that the cell names is not there. As its worker, skip the task and say so in the reason; as its client, put the file there.",
    NoRoute = NOT_FOUND / "no_route" / "There is nothing under this path; see /docs for what there is.",
    MethodNotAllowed = METHOD_NOT_ALLOWED / "method_not_allowed" / "This path does not take this method; see the Allow header.",
    RequestTimeout = REQUEST_TIMEOUT / "request_timeout" / "The request took too long; try again.",
    BatchSizeFixed = CONFLICT / "batch_size_fixed" / "The dataset's batch size is …; upload it again to choose another.",
    BeingDeleted = CONFLICT / "being_deleted" / "It is being deleted; try again in a moment.",
    BillingNotManual = CONFLICT / "billing_not_manual" / "Grants by hand are taken while billing.mode is Manual; nothing is gated now.",
    BillingNotStripe = CONFLICT / "billing_not_stripe" / "There is no checkout: billing.mode is not Stripe. Ask the platform's administrator for quota.",
    Changing = CONFLICT / "changing" / "Others keep changing it at the same time; try again in a moment.",
    CredentialsNeeded = CONFLICT / "credentials_needed" / "Its source is read with credentials that only the cluster knows; apply Dataset \"…\" with its credentialsSecretRef in namespace … again.",
    EmailTaken = CONFLICT / "email_taken" / "This e-mail address has an account; sign in instead.",
    IdempotencyKeyRunning = CONFLICT / "idempotency_key_running" / "The first request with this Idempotency-Key still runs; try again in a moment.",
    LastAdmin = CONFLICT / "last_admin" / "This is the last active ADMIN; make another one first.",
    ManagedElsewhere = CONFLICT / "managed_elsewhere" / "Another manager owns what you want to change; change it there.",
    MediaChanged = CONFLICT / "media_changed" / "The file is no longer the one that this task was made of. As its worker, skip the task and say so in the reason; as its client, put the earlier file back, or bring the new one in another dataset.",
    MediaUnreachable = CONFLICT / "media_unreachable" / "The cell names nothing that this server can show. As its worker, skip the task and say so in the reason; as its client, name a file below your own prefix or a link.",
    NamespaceNotBound = CONFLICT / "namespace_not_bound" / "Namespace … does not carry your tenant's label any more, so nothing is changed in it; ask a cluster administrator for …=….",
    NamespaceTaken = CONFLICT / "namespace_taken" / "The namespace that this tenant would get exists and is somebody else's; try again, or name another tenant.",
    NamespaceTerminating = CONFLICT / "namespace_terminating" / "The tenant's namespace is being deleted; wait until it is gone.",
    NeverInForce = CONFLICT / "never_in_force" / "The project was never accepted, so there is nothing to restore; create a new project.",
    NotDeleted = CONFLICT / "not_deleted" / "It is not deleted; there is nothing to restore.",
    PartLost = CONFLICT / "part_lost" / "A part of the file is another one by now; send the file again from its beginning.",
    PreviewUnavailable = CONFLICT / "preview_unavailable" / "The source is in your own bucket, which only the dataset's Job can read; look at the file there.",
    Replaced = CONFLICT / "replaced" / "The resource was deleted or replaced in the cluster a moment ago; read it again, then decide anew.",
    SourceMissing = CONFLICT / "source_missing" / "The source is gone from the bucket; upload it again as a new dataset.",
    TenantWithoutHome = CONFLICT / "tenant_without_home" / "This tenant has no home namespace; make one of its users a CLIENT first.",
    TokenNameTaken = CONFLICT / "token_name_taken" / "You have a token of this name; revoke it, or choose another name.",
    TooManyTokens = CONFLICT / "too_many_tokens" / "You have … tokens; revoke one first.",
    TotpAlreadyOn = CONFLICT / "totp_already_on" / "The second step is on already; turn it off to change the device.",
    TotpNotOn = CONFLICT / "totp_not_on" / "The second step is not on; begin with POST /me/totp.",
    UploadClosed = CONFLICT / "upload_closed" / "A dataset was made of this upload, or a day is over; begin another one for more files.",
    UploadUnfinished = CONFLICT / "upload_unfinished" / "\"…\" has not arrived whole; send the rest of it or take it back, then create the dataset.",
    UsernameTaken = CONFLICT / "username_taken" / "This username is taken; choose another one.",
    WrongOffset = CONFLICT / "wrong_offset" / "… bytes have arrived; go on from there.",
    PreconditionFailed = PRECONDITION_FAILED / "precondition_failed" / "The project has changed; read it again and repeat your change.",
    TusVersion = PRECONDITION_FAILED / "tus_version" / "Send the header Tus-Resumable: 1.0.0; this server speaks no other version of the protocol.",
    PayloadTooLarge = PAYLOAD_TOO_LARGE / "payload_too_large" / "The body is too large; send less at once.",
    UriTooLong = URI_TOO_LONG / "uri_too_long" / "The address is too long; send less in its query.",
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE / "unsupported_media_type" / "This media type is not taken here; see /docs for the one that is.",
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY / "idempotency_key_reused" / "This Idempotency-Key was used for another request; use a new one.",
    InvalidRequest = UNPROCESSABLE_ENTITY / "invalid_request" / "The request does not fit; correct the members named in details.",
    InvalidSpec = UNPROCESSABLE_ENTITY / "invalid_spec" / "The cluster refuses this: ….",
    TenantRequired = UNPROCESSABLE_ENTITY / "tenant_required" / "An ADMIN has no tenant; name one with ?tenant=.",
    UnknownField = UNPROCESSABLE_ENTITY / "unknown_field" / "The request does not fit; correct the members named in details.",
    UploadTaken = LOCKED / "upload_taken" / "Another request sends this file; ask with HEAD how much has arrived, and go on from there.",
    RateLimited = TOO_MANY_REQUESTS / "rate_limited" / "Too many requests; try again in … seconds, and send fewer at once.",
    TooManyAttempts = TOO_MANY_REQUESTS / "too_many_attempts" / "Too many failed attempts; try again in … seconds.",
    TooManyStreams = TOO_MANY_REQUESTS / "too_many_streams" / "… streams of events are open already; close one, or ask for the list of events instead.",
    HeadersTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE / "headers_too_large" / "The headers hold more than 16 KiB; send fewer or shorter ones.",
    Internal = INTERNAL_SERVER_ERROR / "internal" / "Something failed on our side; try again, and report the correlationId if it keeps happening.",
    ObjectStoreRefused = BAD_GATEWAY / "object_store_refused" / "The object store refuses the platform (…); its administrator must check the settings of bucket, region and credentials.",
    StripeUnavailable = BAD_GATEWAY / "stripe_unavailable" / "Stripe did not open the checkout and nothing was charged; send the same request again.",
    Busy = SERVICE_UNAVAILABLE / "busy" / "Too many people are signing in at once; try again in a moment.",
    Draining = SERVICE_UNAVAILABLE / "draining" / "This replica is being stopped; send the request to another one.",
    SourceCompared = SERVICE_UNAVAILABLE / "source_compared" / "The source is being compared with the one that the rows of this name were made from; try again in a moment.",
    Unavailable = SERVICE_UNAVAILABLE / "unavailable" / "The … does not answer; try again in a moment.",
}

impl Code {
    /// What is said with it, the blanks filled in their order.
    pub fn filled(self, blanks: &[&dyn Display]) -> String {
        let mut parts = self.says().split(BLANK);
        let mut text = parts.next().unwrap_or_default().to_owned();
        debug_assert_eq!(
            parts.clone().count(),
            blanks.len(),
            "blanks of {}",
            self.name()
        );
        for (blank, part) in blanks.iter().zip(parts) {
            text += &blank.to_string();
            text += part;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn blanks_are_filled_in_their_order_even_with_a_blank() {
        let text = Code::CredentialsNeeded.filled(&[&"a…b", &"c"]);
        assert!(text.contains("apply Dataset \"a…b\" with"), "{text}");
        assert!(text.ends_with("in namespace c again."), "{text}");
    }

    #[test]
    fn the_table_is_in_order_and_says_what_each_code_means() {
        let order = Code::ALL.iter().map(|code| (code.status(), code.name()));
        assert!(order.is_sorted_by(|a, b| a < b));
        assert!(Code::ALL.iter().all(|code| code.says().ends_with('.')));
    }
}
