package mailserver

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Quota is how much room a mailbox has (RFC 9208 §5.1). Limits are 0 when there is
// none, or when the server does not tell.
type Quota struct {
	Used, Limit         int64 // bytes
	Letters, LetterMost int64
}

// maxQuota: no mailbox holds a petabyte; what says so is no number of ours.
const maxQuota = 1 << 50

// Quota asks on the connection aside; the zero value for a server that does not offer
// it or whose answer cannot be read.
func (a *Account) Quota(ctx context.Context) (Quota, error) {
	var out Quota
	err := a.read(ctx, a.aside, func(c *conn) error {
		if !c.has(imap.CapQuota) {
			return nil
		}
		return c.do(ctx, verbStatus, a.s.o.CommandTimeout, budgetSmall, func() error {
			roots, err := c.client.GetQuotaRoot("INBOX").Wait()
			if err != nil {
				return unlessSaid(err)
			}
			out = fullest(roots)
			return nil
		})
	})
	if errors.Is(err, errGarbled) {
		err = nil
	}
	return out, door(ctx, err, "asking for the quota")
}

// fullest is the root nearest to its limit: the one that will refuse first.
func fullest(roots []imapclient.QuotaData) (out Quota) {
	for _, r := range roots {
		var q Quota
		if s, ok := r.Resources[imap.QuotaResourceStorage]; ok && s.Usage >= 0 && s.Limit > 0 && s.Usage < maxQuota>>10 && s.Limit < maxQuota>>10 {
			q.Used, q.Limit = s.Usage<<10, s.Limit<<10 // units of 1024 octets
		}
		if m, ok := r.Resources[imap.QuotaResourceMessage]; ok && m.Usage >= 0 && m.Limit > 0 && m.Usage < maxQuota && m.Limit < maxQuota {
			q.Letters, q.LetterMost = m.Usage, m.Limit
		}
		if q.Percent() >= out.Percent() && (q.Limit > 0 || q.LetterMost > 0) {
			out = q
		}
	}
	return out
}

// Percent is how full it is, by size or by number, whichever is nearer to the limit.
// 0 without a limit; over 100 is possible.
func (q Quota) Percent() int {
	p := 0
	if q.Limit > 0 {
		p = int(float64(q.Used) / float64(q.Limit) * 100)
	}
	if q.LetterMost > 0 {
		p = max(p, int(float64(q.Letters)/float64(q.LetterMost)*100))
	}
	return min(p, 999)
}

// maxSized bounds how many folders are weighed in one look.
const maxSized = 200

// Sizes weighs folders, in bytes, by STATUS SIZE (RFC 8438, RFC 9051 §6.3.11) on the
// connection aside; ok is false where the server cannot. A folder it will not weigh is
// left out.
func (a *Account) Sizes(ctx context.Context, folders []string) (sizes map[string]int64, ok bool, err error) {
	folders = folders[:min(len(folders), maxSized)]
	err = a.read(ctx, a.aside, func(c *conn) error {
		if ok = c.has(imap.CapStatusSize) || c.has(imap.CapIMAP4rev2); !ok {
			return nil
		}
		sizes = make(map[string]int64, len(folders))
		return c.do(ctx, verbStatus, a.s.o.CommandTimeout, budgetList, func() error {
			asked := make([]*imapclient.StatusCommand, len(folders))
			for i, f := range folders {
				asked[i] = c.client.Status(f, &imap.StatusOptions{Size: true})
			}
			for i, cmd := range asked {
				st, err := cmd.Wait()
				if err != nil && !said(err) {
					return err
				}
				if err == nil && st.Size != nil && *st.Size >= 0 && *st.Size < maxQuota {
					sizes[folders[i]] = *st.Size
				}
			}
			return nil
		})
	})
	return sizes, ok, door(ctx, err, "weighing folders")
}
