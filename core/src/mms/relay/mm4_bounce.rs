//! Mails that an MTA on the way could not deliver (RFC 3464): for whom, and what it says.

/// What an MTA says of an MM4_forward.REQ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bounce {
    /// X-Mms-Transaction-ID of the request.
    pub(super) transaction_id: String,
    /// Those to whom it does not go.
    pub(super) recipients: Vec<String>,
    /// Why.
    pub(super) text: String,
}

impl Bounce {
    /// Reads a delivery status notification that has the header fields of what it is about; none: it is another mail.
    pub(super) fn read(mail: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(mail);
        let mut blocks = text.split("\r\n\r\n");
        let head = blocks.next()?.to_ascii_lowercase();
        if !head.contains("multipart/report") || !head.contains("delivery-status") {
            return None;
        }
        let (mut recipients, mut why, mut transaction_id) = (Vec::new(), None, None);
        for block in blocks {
            let failed = field(block, "Action").filter(|action| action.eq_ignore_ascii_case("failed"));
            let recipient = field(block, "Final-Recipient").or_else(|| field(block, "Original-Recipient"));
            if let (Some(_), Some((_, address))) = (failed, recipient.and_then(|own| own.split_once(';'))) {
                if recipients.len() < RECIPIENTS {
                    recipients.push(address.trim().to_owned());
                }
                why = why.or_else(|| field(block, "Diagnostic-Code")).or_else(|| field(block, "Status"));
            }
            if field(block, "X-Mms-Message-Type").is_some_and(|kind| kind.eq_ignore_ascii_case("MM4_forward.REQ")) {
                transaction_id = transaction_id.or_else(|| field(block, "X-Mms-Transaction-ID"));
            }
        }
        let transaction_id = transaction_id?.trim_matches(['"', '<', '>']).to_owned();
        let why: String = why.unwrap_or_default().chars().filter(|c| !c.is_control()).take(TEXT).collect();
        let text = format!("an MTA on the way could not deliver it: {why}");
        (!recipients.is_empty()).then_some(Self { transaction_id, recipients, text })
    }
}

/// The first line of a field among lines.
fn field<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    let lines = block.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(own, _)| own.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

/// Recipients of a report, and characters of what it says.
const RECIPIENTS: usize = 100;
const TEXT: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    /// As RFC 3464 clause 2 and appendix E have it.
    const REPORT: &str = "\
From: Mail Delivery System <Mailer-Daemon@mta.example>
To: system-user@mms.a.example
Auto-Submitted: auto-replied
Content-Type: multipart/report;
 report-type=delivery-status; boundary=\"b\"

--b
Content-Type: text/plain

It did not go.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mta.example

Action: failed
Final-Recipient: rfc822;+491731000001/TYPE=PLMN@mms.b.example
Status: 5.0.0
Diagnostic-Code: smtp; 550 5.1.1 nobody

Final-Recipient: rfc822;+491731000002/TYPE=PLMN@mms.b.example
Action: delayed
Status: 4.0.0

--b
Content-Type: text/rfc822-headers

X-Mms-Message-Type: MM4_forward.REQ
X-Mms-Transaction-ID: 1f
X-Mms-Message-ID: 1@mms.a.example

--b--
";

    #[test]
    fn reports_are_read() {
        let report = REPORT.replace('\n', "\r\n");
        let own = Bounce::read(report.as_bytes()).unwrap();
        assert_eq!(own.transaction_id, "1f");
        assert_eq!(own.recipients, ["+491731000001/TYPE=PLMN@mms.b.example"]);
        assert!(own.text.ends_with("smtp; 550 5.1.1 nobody"), "{own:?}");
        for (what, other) in [
            ("Action: failed", "Action: relayed"),
            ("multipart/report", "multipart/mixed"),
            ("MM4_forward.REQ", "MM4_forward.RES"),
            ("X-Mms-Transaction-ID: 1f", "X: y"),
        ] {
            assert_eq!(Bounce::read(report.replace(what, other).as_bytes()), None, "{what}");
        }
        for at in 0..report.len() {
            Bounce::read(&report.as_bytes()[..at]);
        }
    }
}
