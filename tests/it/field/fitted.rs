//! Models fitted to a trace, judged on the trace.
