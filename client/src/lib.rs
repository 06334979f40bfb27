//! Client for the Partner API.
