//! Each partition, key and group is judged by its own load.
