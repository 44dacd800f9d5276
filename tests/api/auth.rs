//! Signing in, staying in, and being refused.
