//! The simulated vendors, each in the words of its own API.

pub mod conversocial;
pub mod convertalk;
pub mod converz;
pub mod convoso;
