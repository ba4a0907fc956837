package mailhost

import (
	"fmt"
	"strings"

	"pli.example/pli/internal/mssante"
)

// deliveryReport is what became of a letter for one recipient (RFC 3464).
type deliveryReport struct {
	to             mssante.Address
	envid          string
	original       []byte
	action, status string
	code           string // the remote server's answer
}

// report sends a delivery status notification to the sender. Only the header of
// the original goes back, as RET=HDRS would ask.
func (h *Host) report(to mssante.Address, r deliveryReport) {
	now := h.o.Now()
	header, _ := splitHeader(r.original)
	subject, say := "Message remis", "Votre message a été remis à son destinataire :"
	if r.action == "failed" {
		subject, say = "Message non distribué", "Votre message n’a pas pu être remis. Le destinataire n’a pas de messagerie Mon espace santé ouverte (patient non trouvé) :"
	}
	envid := ""
	if r.envid != "" {
		envid = "Original-Envelope-Id: " + r.envid + "\n"
	}
	h.write(to, fmt.Sprintf(`Return-Path: <>
Date: %s
From: "Mail Delivery System" <MAILER-DAEMON@%s>
To: %s
Message-ID: %s
Subject: %s
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_dsn"

--=_dsn
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

%s
%s

--=_dsn
Content-Type: message/delivery-status

Reporting-MTA: dns; %s
%sArrival-Date: %s

Final-Recipient: rfc822; %s
Action: %s
Status: %s
Diagnostic-Code: smtp; %s

--=_dsn
Content-Type: text/rfc822-headers

%s
--=_dsn--
`, now.Format(dateLayout), SMTPHost, to, h.messageID(SMTPHost, now), foldWords(subject), say, r.to, SMTPHost, envid, now.Format(dateLayout),
		r.to, r.action, r.status, r.code, lf(header)))
}

// receipt sends the read receipt a patient cannot refuse (RFC 8098; ENS §6).
func (h *Host) receipt(to mssante.Address, from Patient, header []byte) {
	now := h.o.Now()
	h.write(to, fmt.Sprintf(`Return-Path: <>
Date: %s
From: %s <%s>
To: %s
Message-ID: %s
In-Reply-To: %s
Subject: %s
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="=_mdn"

--=_mdn
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Votre message a été lu dans Mon espace santé.

--=_mdn
Content-Type: message/disposition-notification

Reporting-UA: Mon espace sante
Final-Recipient: rfc822; %s
Original-Message-ID: %s
Disposition: automatic-action/MDN-sent-automatically; displayed

--=_mdn--
`, now.Format(dateLayout), foldWords(from.Label), from.Address, to, h.messageID(mssante.PatientDomain, now), fieldValue(header, "Message-ID"),
		foldWords("Lu : "+decodeWords(fieldValue(header, "Subject"))), from.Address, fieldValue(header, "Message-ID")))
}

func lf(b []byte) string { return strings.ReplaceAll(string(b), "\r\n", "\n") }
