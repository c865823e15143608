//! Closed forms for what people ask.
