//! What many models require of a station.

use super::{Mismatch, Station};

/// Why the arrivals are not Poisson.
///
/// # Errors
/// The reason.
pub(super) fn poisson(station: &Station<'_>) -> Result<(), Mismatch> {
    station.is_poisson().then_some(()).ok_or_else(|| "needs Poisson arrivals".into())
}

/// Why a station is not Poisson arrivals with exponential service.
///
/// # Errors
/// The reason.
pub(super) fn poisson_and_exponential(station: &Station<'_>) -> Result<(), Mismatch> {
    poisson(station)?;
    station
        .service
        .is_exponential()
        .then_some(())
        .ok_or_else(|| "needs exponential service times of one mean".into())
}
