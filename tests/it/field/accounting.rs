//! Lost, dead-lettered, redelivered: messages are accounted for as brokers do.
