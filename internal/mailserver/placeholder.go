package mailserver

import "bytes"

// absentHead is how a letter begins that Courier makes up for one another session
// removed, until it hears of that itself.
const absentHead = "From: System Administrator <root@localhost>\r\nSubject: message unavailable\r\n\r\n"

// madeUp reports such a letter, on the servers that write them: shown, it would be
// a letter nobody sent, and kept, it would stand for the one it replaces.
func (c *conn) madeUp(raw []byte) bool {
	return !c.steady() && bytes.HasPrefix(raw, []byte(absentHead))
}
