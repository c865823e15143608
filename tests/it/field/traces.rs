//! Files as people have them, read alike everywhere.
