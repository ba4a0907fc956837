package mailbox

import "context"

// SubjectOf is the subject of a letter a list just showed, so that the sentence after
// an act can name it; "" when it is not remembered. The server is not asked, and the
// trail has the act itself.
func (b *Box) SubjectOf(ctx context.Context, ref Ref) string {
	name, err := b.folderName(ctx, ref.Folder)
	if err != nil {
		return ""
	}
	row, ok := b.mail.Remembered(name, ref.UIDValidity, ref.UID)
	if !ok {
		return ""
	}
	return row.Envelope.Subject
}
