//! Mock server of the Partner API.
