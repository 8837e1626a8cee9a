//! Tells the platform that this opener is alive while it has nothing else to say.

use std::time::Duration;

use crate::{
    halt::Halt,
    platform::{Platform, PlatformError},
};

/// Never returns while the run is held; otherwise says why it is not.
pub async fn keep_alive(platform: &Platform, epoch: i64, every: Duration) -> Halt {
    loop {
        let due = platform.last_answer() + every;
        tokio::time::sleep_until(due).await;
        if platform.last_answer() + every > due {
            continue;
        }
        match platform.heartbeat(epoch).await {
            // Whether to go on without the platform is for the work itself to decide.
            Ok(()) | Err(PlatformError::Unreachable(_)) => {}
            Err(error) => return error.into(),
        }
    }
}
