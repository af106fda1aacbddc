//! What a message is made of: slides with a presentation in SMIL, as OMA-MMS-CONF has it, and files beside them.

use std::fmt::Write as _;

use protocol::mms::{ContentType, Disposition, MAX_MMS_PARTS, Parameter, Part, emit_parts};

/// Content of a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MmsContent {
    /// What is shown, one after the other. Without slides there is no presentation.
    pub slides: Vec<MmsSlide>,
    /// Files that are not shown.
    pub attachments: Vec<MmsFile>,
}

/// What is shown at a time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MmsSlide {
    /// A text.
    pub text: Option<String>,
    /// A picture, or a video.
    pub picture: Option<MmsFile>,
    /// A sound.
    pub sound: Option<MmsFile>,
    /// How long, in seconds; 0: as long as its media last.
    pub seconds: u32,
}

/// A file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MmsFile {
    /// Its media type, as `image/jpeg`.
    pub media_type: String,
    /// Its name.
    pub name: String,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// Content that makes no message.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ComposeProblem {
    /// There is nothing in it.
    #[error("there is nothing in it")]
    Empty,
    /// More parts than a message has.
    #[error("{0} parts: a message has {MAX_MMS_PARTS}")]
    TooMany(usize),
    /// A name that is empty, too long, or not to be written into a header.
    #[error("{0:?} is no name of a file")]
    Name(String),
    /// Not a media type.
    #[error("{0:?} is no media type")]
    MediaType(String),
    /// Something other than a picture or a video, or than a sound, has its place.
    #[error("{0} is not shown there")]
    Place(String),
}

impl MmsContent {
    /// A text by itself.
    pub fn text(text: &str) -> Self {
        Self::slide(MmsSlide { text: Some(text.to_owned()), ..MmsSlide::default() })
    }

    /// One slide.
    pub fn slide(slide: MmsSlide) -> Self {
        Self { slides: vec![slide], attachments: Vec::new() }
    }

    /// Content-Type and body of the message.
    pub(super) fn compose(&self) -> Result<(ContentType, Vec<u8>), ComposeProblem> {
        let media = self.slides.iter().map(MmsSlide::count).sum::<usize>();
        let count = media + self.attachments.len();
        if count == 0 {
            return Err(ComposeProblem::Empty);
        }
        let count = count + usize::from(!self.slides.is_empty());
        if count > MAX_MMS_PARTS {
            return Err(ComposeProblem::TooMany(count));
        }
        let mut parts = Vec::with_capacity(count);
        let mut pars = String::new();
        for (number, slide) in (1..).zip(&self.slides) {
            slide.compose(number, &mut parts, &mut pars)?;
        }
        for (number, file) in (1..).zip(&self.attachments) {
            let mut part = file.part(&format!("attachment-{number}"))?;
            part.disposition = Some(Disposition::attachment(&file.name));
            parts.push(part);
        }
        if self.slides.is_empty() {
            return Ok((ContentType::new(ContentType::MIXED), emit_parts(&parts)));
        }
        let presentation = ContentType::new(SMIL_MEDIA_TYPE).with(Parameter::Name(SMIL_NAME.to_owned()));
        let smil = format!("<smil><head>{LAYOUT}</head><body>{pars}</body></smil>");
        parts.insert(0, Part::new(presentation, smil.into_bytes()).named(SMIL_ID, SMIL_NAME));
        Ok((ContentType::related(SMIL_ID, SMIL_MEDIA_TYPE), emit_parts(&parts)))
    }
}

impl MmsSlide {
    fn count(&self) -> usize {
        usize::from(self.text.is_some()) + usize::from(self.picture.is_some()) + usize::from(self.sound.is_some())
    }

    /// Its parts, and its element of the presentation, which names them by their Content-IDs.
    fn compose<'a>(
        &'a self,
        number: usize,
        parts: &mut Vec<Part<'a>>,
        pars: &mut String,
    ) -> Result<(), ComposeProblem> {
        pars.push_str("<par");
        if self.seconds > 0 {
            // Writing to a string does not fail.
            let _ = write!(pars, " dur=\"{}ms\"", u64::from(self.seconds) * 1000);
        }
        pars.push('>');
        let mut show = |element: &str, id: &str, region: &str| {
            let _ = write!(pars, "<{element} src=\"cid:{id}\"{region}/>");
        };
        if let Some(file) = &self.picture {
            let element = match file.media_type.split('/').next() {
                Some("image") => "img",
                Some("video") => "video",
                _ => return Err(ComposeProblem::Place(file.media_type.clone())),
            };
            let id = format!("picture-{number}");
            parts.push(file.part(&id)?);
            show(element, &id, " region=\"Image\"");
        }
        if let Some(text) = &self.text {
            let (id, name) = (format!("text-{number}"), format!("text-{number}.txt"));
            let content_type = ContentType::text().with(Parameter::Name(name.clone()));
            parts.push(Part::new(content_type, text.as_bytes()).named(&id, &name));
            show("text", &id, " region=\"Text\"");
        }
        if let Some(file) = &self.sound {
            if !file.media_type.starts_with("audio/") {
                return Err(ComposeProblem::Place(file.media_type.clone()));
            }
            let id = format!("sound-{number}");
            parts.push(file.part(&id)?);
            show("audio", &id, "");
        }
        pars.push_str("</par>");
        Ok(())
    }
}

impl MmsFile {
    /// A file.
    pub fn new(media_type: &str, name: &str, octets: Vec<u8>) -> Self {
        Self { media_type: media_type.to_owned(), name: name.to_owned(), octets }
    }

    fn part(&self, id: &str) -> Result<Part<'_>, ComposeProblem> {
        let is_name = |name: &str| !name.is_empty() && name.len() <= MAX_NAME && !name.contains(char::is_control);
        if !is_name(&self.name) {
            return Err(ComposeProblem::Name(self.name.clone()));
        }
        let content_type = ContentType::of_mime(&self.media_type).ok();
        // What is of several parts is no file.
        let content_type = content_type.filter(|content_type| !content_type.is_multipart());
        let content_type = content_type.ok_or_else(|| ComposeProblem::MediaType(self.media_type.clone()))?;
        let content_type = match content_type.name() {
            Some(_) => content_type,
            None => content_type.with(Parameter::Name(self.name.clone())),
        };
        Ok(Part::new(content_type, self.octets.as_slice()).named(id, &self.name))
    }
}

/// Presentations (TS 26.140, OMA-MMS-CONF).
const SMIL_MEDIA_TYPE: &str = "application/smil";
const SMIL_ID: &str = "presentation";
const SMIL_NAME: &str = "presentation.smil";
/// Picture above text, with the names that OMA-MMS-CONF has for the regions.
const LAYOUT: &str = "<layout><root-layout width=\"100%\" height=\"100%\"/>\
    <region id=\"Image\" left=\"0\" top=\"0\" width=\"100%\" height=\"70%\" fit=\"meet\"/>\
    <region id=\"Text\" left=\"0\" top=\"70%\" width=\"100%\" height=\"30%\" fit=\"scroll\"/></layout>";
/// Octets of the name of a file, as file systems have it.
const MAX_NAME: usize = 255;
