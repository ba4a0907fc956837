package cyrus

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"pli.example/pli/e2e/dovecot"
)

// passwords are the accounts that may sign in; each may act for any mailbox.
var passwords = map[string]string{
	dovecot.Service:   dovecot.ServicePassword,
	dovecot.Inspector: dovecot.InspectorPassword,
}

// listen answers like saslauthd: four counted strings (user, password, service,
// realm) in, one counted string out. The lengths are two octets, the higher first.
func listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answer(c)
		}
	}()
	return l, nil
}

func answer(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	var said [4]string
	for i := range said {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		text := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, text); err != nil {
			return
		}
		said[i] = string(text)
	}
	verdict := "NO"
	if want, known := passwords[said[0]]; known && want == said[1] {
		verdict = "OK"
	}
	_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(verdict))), verdict...))
}
