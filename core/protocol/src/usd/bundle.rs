//! User service bundle description (TS 26.346 clause 11.2.1.2).

use super::{UsdProblem, VERSION_NAMESPACE, attribute, root};
use crate::xml::Element;

const NAMESPACE: &str = "urn:3GPP:metadata:2005:MBMS:userServiceDescription";
/// Namespaces of what later releases have added.
const R7_NAMESPACE: &str = "urn:3GPP:metadata:2007:MBMS:userServiceDescription";
const R9_NAMESPACE: &str = "urn:3GPP:metadata:2009:MBMS:userServiceDescription";
const R14_NAMESPACE: &str = "urn:3GPP:metadata:2017:MBMS:userServiceDescription";

/// User services.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bundle {
    /// In their order.
    pub services: Vec<UserService>,
}

/// A user service.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserService {
    /// `serviceId`: a URI.
    pub service_id: String,
    /// `serviceClass`: a URN.
    pub service_class: Option<String>,
    /// For UEs without a subscription too (`romService`).
    pub is_receive_only: bool,
    /// Names.
    pub names: Vec<Name>,
    /// Languages of the content.
    pub languages: Vec<String>,
    /// How its content comes.
    pub methods: Vec<DeliveryMethod>,
    /// Where its schedule is.
    pub schedule_uri: Option<String>,
    /// Service area identities in which it is available.
    pub areas: Vec<u16>,
}

/// A name, and its language.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Name {
    /// RFC 5646.
    pub language: Option<String>,
    /// The name.
    pub text: String,
}

/// A delivery method: one session.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeliveryMethod {
    /// Where its session description is.
    pub session_description_uri: String,
}

impl Bundle {
    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(document: &[u8]) -> Result<Self, UsdProblem> {
        let root = root(document, "bundleDescription", "the document is no bundleDescription")?;
        let services = root.all("userServiceDescription").map(UserService::of).collect::<Result<_, _>>()?;
        Ok(Self { services })
    }

    /// The document.
    pub fn to_document(&self) -> String {
        let mut root = Element::new("bundleDescription")
            .attribute("xmlns", NAMESPACE)
            .attribute("xmlns:r7", R7_NAMESPACE)
            .attribute("xmlns:r9", R9_NAMESPACE)
            .attribute("xmlns:r14", R14_NAMESPACE)
            .attribute("xmlns:sv", VERSION_NAMESPACE)
            .child(Element::with_text("sv:schemaVersion", 1));
        for service in &self.services {
            root = root.child(service.to_element());
        }
        root.to_document()
    }
}

impl UserService {
    fn of(element: &Element) -> Result<Self, UsdProblem> {
        let service_id = attribute(element, "serviceId").ok_or(UsdProblem::Other("a service has no serviceId"))?;
        let names = element
            .all("name")
            .map(|name| Name { language: attribute(name, "lang").map(str::to_owned), text: name.text.clone() });
        let mut methods = Vec::new();
        for method in element.all("deliveryMethod") {
            let uri = attribute(method, "sessionDescriptionURI");
            let uri = uri.ok_or(UsdProblem::Other("a deliveryMethod has no sessionDescriptionURI"))?;
            methods.push(DeliveryMethod { session_description_uri: uri.to_owned() });
        }
        let schedule = element.first("schedule").and_then(|schedule| schedule.text_of("scheduleDescriptionURI"));
        let bindings = element.first("availabilityInfo").into_iter().flat_map(|info| info.all("infoBinding"));
        let areas = bindings.flat_map(|binding| binding.all("serviceArea")).map(|area| area.text.parse());
        Ok(Self {
            service_id: service_id.to_owned(),
            service_class: attribute(element, "serviceClass").map(str::to_owned),
            is_receive_only: matches!(attribute(element, "romService"), Some("true" | "1")),
            names: names.collect(),
            languages: element.all("serviceLanguage").map(|language| language.text.clone()).collect(),
            methods,
            schedule_uri: schedule.map(str::to_owned),
            areas: areas.collect::<Result<_, _>>().map_err(|_| UsdProblem::Other("a serviceArea is no number"))?,
        })
    }

    /// The order of the elements is that of the schema.
    fn to_element(&self) -> Element {
        let delimiter = || Element::with_text("sv:delimiter", 0);
        let mut element = Element::new("userServiceDescription").attribute("serviceId", &self.service_id);
        if let Some(class) = &self.service_class {
            element = element.attribute("r7:serviceClass", class);
        }
        if self.is_receive_only {
            element = element.attribute("r14:romService", true);
        }
        for name in &self.names {
            let child = Element::with_text("name", &name.text);
            element = element.child(match &name.language {
                Some(language) => child.attribute("lang", language),
                None => child,
            });
        }
        for language in &self.languages {
            element = element.child(Element::with_text("serviceLanguage", language));
        }
        for method in &self.methods {
            let child = Element::new("deliveryMethod")
                .attribute("sessionDescriptionURI", &method.session_description_uri)
                .child(delimiter())
                .child(delimiter());
            element = element.child(child);
        }
        if let Some(uri) = &self.schedule_uri {
            let child = Element::new("r9:schedule").child(Element::with_text("r9:scheduleDescriptionURI", uri));
            element = element.child(child);
        }
        element = element.child(delimiter());
        if !self.areas.is_empty() {
            let mut binding = Element::new("r9:infoBinding");
            for area in &self.areas {
                binding = binding.child(Element::with_text("r9:serviceArea", area));
            }
            element = element.child(Element::new("r9:availabilityInfo").child(binding));
        }
        element
    }
}
