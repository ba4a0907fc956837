package web

import (
	"strings"
	"testing"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
)

// The page of a report that cannot be believed affirms nothing, whatever it says.
func TestUnverifiedNotice(t *testing.T) {
	t.Parallel()
	to := message.ParseAddressList("255033799001138@patient.mssante.fr")[0].Address
	for _, r := range []message.Report{
		{Kind: message.ReportDelivery, Recipients: []message.ReportRecipient{{Address: to, Action: "failed", Status: "5.2.2"}}},
		{Kind: message.ReportDelivery, Recipients: []message.ReportRecipient{{Address: to, Action: "delivered"}}},
		{Kind: message.ReportDelivery, Recipients: []message.ReportRecipient{{Address: to, Action: "delayed"}}},
		{Kind: message.ReportDelivery},
		{Kind: message.ReportDisposition, Disposition: "displayed"},
		{Kind: message.ReportDisposition, Error: true},
		{Kind: message.ReportIntegration, Label: "patient inconnu"},
	} {
		for _, believed := range []bool{true, false} {
			n := notices(&mailbox.Letter{Report: &r}, mailbox.Returned{}, believed)[0]
			if got := strings.HasPrefix(n.Text, "Un avis non vérifié "); got == believed || n.Kind == "error" && !believed {
				t.Errorf("believed %v: %+v", believed, n)
			}
		}
	}
}
