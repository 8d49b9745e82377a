//! What runs on a cluster: Marathon's apps and groups and Chronos' jobs, as typed values.
