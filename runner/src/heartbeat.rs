//! Tells the platform that this opener is alive while it has nothing else to say.

use std::time::Duration;

use crate::{
    halt::Halt,
    platform::{Platform, PlatformError},
};

/// A third of the time after which the platform gives the run to another pod.
const EVERY: Duration = Duration::from_secs(10);

/// Never returns while the run is held; otherwise says why it is not.
pub async fn keep_alive(platform: &Platform, epoch: i64) -> Halt {
    loop {
        let due = platform.last_answer() + EVERY;
        tokio::time::sleep_until(due).await;
        if platform.last_answer() + EVERY > due {
            continue;
        }
        match platform.heartbeat(epoch).await {
            // Whether to go on without the platform is for the work itself to decide.
            Ok(()) | Err(PlatformError::Unreachable(_)) => {}
            Err(error) => return error.into(),
        }
    }
}
