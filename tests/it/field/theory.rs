//! Where theory says "exact", every feature of the scenario is modelled.
