mod layout;
mod round_trip;
mod strategies;
