//! The UICC of a simulated modem: a USIM (TS 31.102) and an ISIM (TS 31.103) over the commands of ETSI TS 102 221, as
//! `+CSIM`, `+CRSM`, `+CCHO`, `+CGLA` and `+CCHC` reach them.

mod aka;
mod commands;
mod files;

use self::aka::Aka;
use self::files::{File, find};
use super::personality::SimCard;

/// AIDs: registered provider identifier of 3GPP, application code, and what this card adds to them.
pub(super) const USIM_AID: [u8; 16] = aid(0x02);
pub(super) const ISIM_AID: [u8; 16] = aid(0x04);
/// Logical channels beside the basic one (ETSI TS 102 221 clause 11.1.17).
const CHANNELS: usize = 4;

const fn aid(application: u8) -> [u8; 16] {
    [0xA0, 0, 0, 0, 0x87, 0x10, application, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x06, 0, 0, 0xFF]
}

/// Status words (ETSI TS 102 221 clause 10.2.1, TS 31.102 clause 7.3).
const OK: [u8; 2] = [0x90, 0x00];
const WRONG_LENGTH: [u8; 2] = [0x67, 0x00];
const NO_CHANNEL: [u8; 2] = [0x68, 0x81];
const NO_FILE_SELECTED: [u8; 2] = [0x69, 0x86];
const NOT_FOUND: [u8; 2] = [0x6A, 0x82];
const NO_RECORD: [u8; 2] = [0x6A, 0x83];
const WRONG_PARAMETERS: [u8; 2] = [0x6A, 0x86];
const NO_MORE_CHANNELS: [u8; 2] = [0x6A, 0x81];
const UNKNOWN_INSTRUCTION: [u8; 2] = [0x6D, 0x00];
const UNKNOWN_CLASS: [u8; 2] = [0x6E, 0x00];
const INCORRECT_MAC: [u8; 2] = [0x98, 0x62];

/// An application of the card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Application {
    Usim,
    Isim,
}

/// What is selected on a channel.
#[derive(Clone, Copy, Debug)]
struct Channel {
    application: Application,
    file: Option<u16>,
}

const FRESH: Channel = Channel { application: Application::Usim, file: None };

/// A card.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Uicc {
    aka: Aka,
    has_isim: bool,
    /// The first is the basic one, which is always open.
    channels: [Option<Channel>; CHANNELS],
    files: Vec<File>,
}

impl Uicc {
    pub(in crate::sim) fn new(card: &SimCard) -> Self {
        let mut channels = [None; CHANNELS];
        channels[0] = Some(FRESH);
        Self { aka: Aka::new(card), has_isim: card.isim, channels, files: files::of(card) }
    }

    /// After a restart: sequence numbers are kept, channels are not.
    pub(super) fn restarted(self, card: &SimCard) -> Self {
        Self { aka: self.aka, ..Self::new(card) }
    }

    /// It has accepted challenges elsewhere.
    pub(in crate::sim) fn go_ahead(&mut self, by: u64) {
        self.aka.go_ahead(by);
    }

    /// Opens a channel to an application (`+CCHO`); the AID may be cut short.
    pub(super) fn open(&mut self, aid: &[u8]) -> Option<usize> {
        let application = self.application(aid)?;
        let channel = self.channels.iter().position(Option::is_none)?;
        self.channels[channel] = Some(Channel { application, file: None });
        Some(channel)
    }

    /// Closes one (`+CCHC`); false: there is none.
    pub(super) fn close(&mut self, channel: usize) -> bool {
        channel != 0 && self.channels.get_mut(channel).is_some_and(|slot| slot.take().is_some())
    }

    /// Is this channel open?
    pub(super) fn is_open(&self, channel: usize) -> bool {
        self.channels.get(channel).is_some_and(Option::is_some)
    }

    /// Applications in the order of EF_DIR.
    pub(super) fn applications(&self) -> Vec<[u8; 16]> {
        if self.has_isim { vec![USIM_AID, ISIM_AID] } else { vec![USIM_AID] }
    }

    fn application(&self, aid: &[u8]) -> Option<Application> {
        let is = |whole: [u8; 16]| aid.len() >= 5 && whole.starts_with(aid);
        // The tail of an AID is the provider's: what hosts know is the beginning.
        let begins = |whole: [u8; 16]| aid.len() >= 7 && aid[..7] == whole[..7];
        if is(USIM_AID) || begins(USIM_AID) {
            Some(Application::Usim)
        } else if self.has_isim && (is(ISIM_AID) || begins(ISIM_AID)) {
            Some(Application::Isim)
        } else {
            None
        }
    }

    /// A command APDU; the channel is that of CLA, or `channel` where the modem has chosen one.
    pub(in crate::sim) fn command(&mut self, apdu: &[u8], channel: Option<usize>) -> Vec<u8> {
        let [class, instruction, p1, p2, rest @ ..] = apdu else { return WRONG_LENGTH.to_vec() };
        if class & 0x60 != 0 {
            return UNKNOWN_CLASS.to_vec();
        }
        let channel = channel.unwrap_or_else(|| usize::from(class & 3));
        if !self.is_open(channel) {
            return NO_CHANNEL.to_vec();
        }
        // Lc, data, Le; or Le alone; or nothing.
        let (data, expected) = match rest {
            [] => (&[][..], 0),
            [expected] => (&[][..], *expected),
            [length, data @ ..] => match data.split_at_checked((*length).into()) {
                Some((data, [])) => (data, 0),
                Some((data, [expected])) => (data, *expected),
                _ => return WRONG_LENGTH.to_vec(),
            },
        };
        let answer = match (instruction, p1, p2) {
            (0xA4, ..) => self.select(channel, *p1, data),
            (0xB0, ..) => self.read_binary(channel, u16::from_be_bytes([*p1, *p2]), expected),
            (0xB2, ..) => self.read_record(channel, *p1),
            (0x88, 0, 0x81) => self.aka.authenticate(data),
            (0x88, ..) => Err(WRONG_PARAMETERS),
            // STATUS; VERIFY PIN without a PIN: its state.
            (0xF2, ..) | (0x20, ..) => Ok(Vec::new()),
            (0x70, 0x00, 0x00) => self.open(&USIM_AID).map(|channel| vec![channel as u8]).ok_or(NO_MORE_CHANNELS),
            (0x70, 0x80, number) => self.close((*number).into()).then(Vec::new).ok_or(NO_CHANNEL),
            _ => Err(UNKNOWN_INSTRUCTION),
        };
        match answer {
            Ok(mut data) => {
                data.extend(OK);
                data
            }
            Err(status) => status.to_vec(),
        }
    }

    /// A file by its identifier (`+CRSM` has no selection): of the USIM and above.
    pub(super) fn file(&self, id: u16) -> Option<&File> {
        find(&self.files, Application::Usim, id)
    }

    /// By AID (P1 4), by identifier (P1 0), by a path from the MF or the application (P1 8, 9).
    fn select(&mut self, channel: usize, p1: u8, data: &[u8]) -> Result<Vec<u8>, [u8; 2]> {
        let Some(selected) = self.channels[channel] else { return Err(NO_CHANNEL) };
        if p1 == 4 {
            let application = self.application(data).ok_or(NOT_FOUND)?;
            self.channels[channel] = Some(Channel { application, file: None });
            return Ok(files::application_template(&if application == Application::Usim {
                USIM_AID
            } else {
                ISIM_AID
            }));
        }
        let Some(&id) = data.last_chunk::<2>() else { return Err(WRONG_LENGTH) };
        let id = u16::from_be_bytes(id);
        if files::is_folder(id) {
            self.channels[channel] = Some(Channel { file: None, ..selected });
            return Ok(files::folder_template(id));
        }
        let file = find(&self.files, selected.application, id).ok_or(NOT_FOUND)?;
        self.channels[channel] = Some(Channel { file: Some(id), ..selected });
        Ok(file.template())
    }

    fn selected(&self, channel: usize) -> Result<&File, [u8; 2]> {
        let Some(Channel { application, file: Some(id) }) = self.channels[channel] else {
            return Err(NO_FILE_SELECTED);
        };
        find(&self.files, application, id).ok_or(NO_FILE_SELECTED)
    }

    fn read_binary(&self, channel: usize, offset: u16, expected: u8) -> Result<Vec<u8>, [u8; 2]> {
        self.selected(channel)?.read(offset, expected)
    }

    fn read_record(&self, channel: usize, number: u8) -> Result<Vec<u8>, [u8; 2]> {
        self.selected(channel)?.record(number)
    }
}
