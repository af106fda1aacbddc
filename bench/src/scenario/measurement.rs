//! What can be measured, and in which unit.

use std::fmt;

use serde::{Deserialize, Serialize};
