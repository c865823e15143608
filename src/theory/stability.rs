//! Whether a queue has a stationary state.

use super::{ModelError, Station};
use crate::answer::Growth;

/// Refuses what has no stationary state: at rho ≥ 1 a queue without bound grows for ever.
///
/// # Errors
/// The station is unstable.
pub fn stable(station: &Station<'_>) -> Result<(), ModelError> {
    let mean = station.service.mean();
    if mean.is_infinite() {
        return Err(Growth::EndlessService { limited: true }.into());
    }
    enough(station.lambda(), station.servers.map_or(f64::INFINITY, |c| f64::from(c) / mean))
}

/// Refuses a rate of arrivals that the servers' rate together does not exceed.
///
/// # Errors
/// The queue grows for ever.
pub(super) fn enough(lambda: f64, capacity: f64) -> Result<(), ModelError> {
    let rho = lambda / capacity;
    if rho < 1.0 - 1e-12 {
        return Ok(());
    }
    if rho <= 1.0 + 1e-12 {
        return Err(Growth::Critical.into());
    }
    Err(Growth::Load { rho, growth: lambda - capacity }.into())
}
