//! Profiles of MCPTT users (TS 24.484 clause 8.3): what is read of them is to be right, the rest is left alone.

use protocol::mc::user_profile::UserProfile;
use protocol::xcap::XcapConflict;
use roxmltree::Document;

use super::{AUID_USER_PROFILE, Context, Scope, canonical, invalid, user_folder};

/// The scope of configuration management of MCPTT (TS 33.180 table B.4.2.2-1).
pub(super) const SCOPES: [Scope; 1] = [("3gpp:mc:ptt_config_management_service", |claims| claims.mcptt_id)];

/// Clauses 8.3.1 and 8.3.2.6: it is of the user in whose tree it is, and has its index in its name.
pub(super) fn check(document: &Document<'_>, context: &Context<'_>) -> Result<(), XcapConflict> {
    let profile = UserProfile::parse(document.input_text()).map_err(|problem| invalid(problem.to_string()))?;
    let (user, name) = context.place;
    if canonical(&profile.user) != user {
        return Err(XcapConflict::Constraint(format!("XUI-URI is {}, the tree is of another user", profile.user)));
    }
    match UserProfile::document_name(profile.index) {
        own if own == name => Ok(()),
        own => Err(XcapConflict::Constraint(format!("it is to be {own}"))),
    }
}

/// Path and content of a profile that the configuration has.
pub(in crate::ims::xdm) fn configured(document: &str) -> Result<(String, String), String> {
    let profile = UserProfile::parse(document).map_err(|problem| format!("user profile: {problem}"))?;
    let folder = user_folder(AUID_USER_PROFILE, &canonical(&profile.user));
    Ok((format!("{folder}{}", UserProfile::document_name(profile.index)), document.to_owned()))
}
