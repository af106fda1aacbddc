//! Profiles of MCPTT users (TS 24.484 clause 8.3): what is read of them is to be right, the rest is left alone.

use protocol::mc::user_profile::UserProfile;
use protocol::xcap::XcapConflict;
use roxmltree::Document;

use super::{AUID_USER_PROFILE, Context, canonical, invalid, user_folder};

/// Clauses 8.3.1 and 8.3.2.6: it is of the user in whose tree it is, and has its index in its name.
pub(super) fn check(document: &Document<'_>, context: &Context<'_>) -> Result<(), XcapConflict> {
    let profile = UserProfile::parse(document.input_text()).map_err(|problem| invalid(problem.to_string()))?;
    let (user, name) = context.place;
    if canonical(&profile.user) != user {
        return Err(XcapConflict::Constraint(format!("XUI-URI is {}, the tree is of another user", profile.user)));
    }
    match name == name_of(&profile) {
        true => Ok(()),
        false => Err(XcapConflict::Constraint(format!("it is to be {}", name_of(&profile)))),
    }
}

/// Path and content of a profile that the configuration has.
pub(in crate::ims::xdm) fn configured(document: &str) -> Result<(String, String), String> {
    let profile = UserProfile::parse(document).map_err(|problem| format!("user profile: {problem}"))?;
    let folder = user_folder(AUID_USER_PROFILE, &canonical(&profile.user));
    Ok((format!("{folder}{}", name_of(&profile)), document.to_owned()))
}

fn name_of(profile: &UserProfile) -> String {
    format!("mcptt-user-profile-{}.xml", profile.index)
}
