//! Why a method has no answer, from what the layers below refuse.

use crate::answer::Reason;
use crate::sim::Unplayable;
use crate::workload::PlanError;

impl From<Unplayable> for Reason {
    fn from(why: Unplayable) -> Self {
        Reason::Unsupported(why.to_string())
    }
}

impl From<PlanError> for Reason {
    fn from(why: PlanError) -> Self {
        Reason::Unsupported(why.to_string())
    }
}

impl From<&str> for Reason {
    fn from(why: &str) -> Self {
        Reason::Unsupported(why.into())
    }
}
