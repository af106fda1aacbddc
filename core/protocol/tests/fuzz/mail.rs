//! Bounded fuzz runs of SMTP and MM4.

use protocol::fuzz;

use super::run;

#[test]
fn smtp_server() {
    let corpus = [
        "EHLO bar.com\r\nMAIL FROM:<Smith@bar.com> SIZE=20 BODY=8BITMIME\r\nRCPT TO:<Jones@foo.com>\r\n\
         RCPT TO:<+4915112345678/TYPE=PLMN@foo.com>\r\nDATA\r\nSubject: a\r\n\r\n..b\r\n.\r\nQUIT\r\n",
        "HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<\"a b\"@[192.0.2.1]>\r\nRSET\r\nNOOP\r\nVRFY a\r\nEXPN b\r\nHELP\r\nDATA\r\n",
        "EHLO x\r\nMAIL FROM:<@a,@b:c@d>\r\nRCPT TO:<Postmaster>\r\nDATA\r\na\n.\nb\r.\r\r\n.\r\n\
         MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\nBDAT 3 LAST\r\nabc",
    ];
    let words: [&[u8]; 14] = [
        b"\r\n.\r\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r\n",
        b"\n",
        b"\r",
        b".",
        b"DATA\r\n",
        b"RCPT TO:<a@b>\r\n",
        b"\"",
        b"\\",
        b"MAIL FROM:<a@b> SIZE=",
        b"EHLO x\r\n",
        b"x\0\xff",
    ];
    run("smtp_server", fuzz::smtp_server, &corpus.map(|text| text.as_bytes().to_vec()), &words);
}

#[test]
fn smtp_client() {
    let corpus = [
        "220 foo.com\r\n250-foo.com\r\n250-SIZE 1000\r\n250 8BITMIME\r\n250 2.1.0 a\r\n250 2.1.5 b\r\n550 5.1.1 c\r\n354 d\r\n\
         250 2.0.0 e\r\n250 a\r\n450 b\r\n550 c\r\n250 reset\r\n221 f\r\n",
        "220 x\r\n500 what\r\n250 x\r\n451 4.3.0 later\r\n250 a\r\n250 b\r\n250 c\r\n452 d\r\n250 e\r\n421 f\r\n",
    ];
    let words: [&[u8]; 10] = [
        b"250 a\r\n",
        b"250-a\r\n",
        b"354 \r\n",
        b"421 \r\n",
        b"550 5.1.1 x\r\n",
        b"\r\n",
        b"\n",
        b"-",
        b" ",
        b"SIZE 0",
    ];
    run("smtp_client", fuzz::smtp_client, &corpus.map(|text| text.as_bytes().to_vec()), &words);
}

#[test]
fn mm4() {
    let mut corpus = Vec::new();
    let head = "From: \"A, B\" <+4915112345678/TYPE=PLMN@a.example>\nTo: +447700900123/TYPE=PLMN@b.example, Group: c@d;\n\
        Cc: 2001:db8::1/TYPE=IPv6@b\nSender: system-user@a.example\nDate: Fri, 21 Nov 1997 09:55:06 -0600\n\
        Message-ID: <m@a.example>\nReceived: from x\n by y\nX-Mms-3GPP-MMS-Version: 6.10.0\nX-Mms-Transaction-ID: \"t\"\n\
        X-Mms-Message-ID: <i@a.example>\nX-Mms-Ack-Request: Yes\nX-Mms-Status-Text: =?utf-8?Q?=C3=A4?= b\n";
    for rest in [
        "X-Mms-Message-Type: MM4_forward.REQ\nX-Mms-Expiry: 60\nX-Mms-Priority: High\nX-Mms-Sender-Visibility: Hide\n\
         Subject: =?iso-8859-1?B?5A==?= =?x?Q?a?=\nX-Mms-Previously-sent-by: 1, a@b\n\
         X-Mms-Previously-sent-date-and-time: 2; Fri, 21 Nov 1997 09:55:06 GMT\nX-Mms-Originator-System: system-user@a\n\
         MIME-Version: 1.0\nContent-Type: multipart/related; boundary=\"b\"; start=\"<s>\"; type=application/smil\n\n\
         pre\n--b\nContent-Type: text/plain; charset=utf-8; name*=utf-8''%C3%A4\nContent-ID: <s>\n\
         Content-Transfer-Encoding: quoted-printable\n\na=3D=\nb \n--b\nContent-Type: multipart/mixed; boundary=c\n\n\
         --c\nContent-Transfer-Encoding: base64\nContent-Location: x.gif\nContent-Disposition: inline; filename=x\n\n\
         R0lG ODlh\n--c--\n\n--b--\npost\n",
        "X-Mms-Message-Type: MM4_forward.RES\nX-Mms-Request-Status-Code: Error-service-denied\n\n",
        "X-Mms-Message-Type: MM4_delivery_report.REQ\nX-Mms-MM-Status-Code: Retrieved\n\n",
        "X-Mms-Message-Type: MM4_read_reply_report.REQ\nX-Mms-Read-Status: Read\n\nbody\n",
        "X-Mms-Message-Type: MM4_forward.REQ\nX-Mms-Expiry: 21 Nov 97 09:55 EST\nContent-Type: image/gif\n\
         Content-Transfer-Encoding: 8bit\n\nGIF89a\n",
    ] {
        corpus.push(format!("{head}{rest}").replace('\n', "\r\n").into_bytes());
    }
    let words: [&[u8]; 16] = [
        b"\r\n",
        b"\r\n ",
        b"\n",
        b"--b\r\n",
        b"\r\n--b--",
        b"--c",
        b"=?utf-8?Q?",
        b"?=",
        b"\"",
        b"<",
        b">",
        b"=",
        b";",
        b"(",
        b"multipart/mixed; boundary=b",
        b"\xc3\xa4",
    ];
    run("mm4", fuzz::mm4, &corpus, &words);
}
