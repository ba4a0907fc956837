package message

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
)

// aliases names charsets as the decoder knows them. ISO-8859-1 and US-ASCII are
// read as windows-1252, their superset in practice (WHATWG Encoding Standard).
var aliases = map[string]string{
	"iso-8859-1": "windows-1252", "iso8859-1": "windows-1252", "iso_8859-1": "windows-1252", "latin1": "windows-1252",
	"latin-1": "windows-1252", "l1": "windows-1252", "iso88591": "windows-1252", "8859-1": "windows-1252", "cp1252": "windows-1252",
	"cp-1252": "windows-1252", "ansi": "windows-1252", "x-ansi": "windows-1252", "iso-8859-1-windows-3.1-latin-1": "windows-1252",
	"us-ascii": "", "ascii": "", "ansi_x3.4-1968": "", "iso646-us": "", "default": "", "unknown-8bit": "", "unknown": "",
	"x-unknown": "", "8bit": "", "7bit": "", "default_charset": "", "x-user-defined": "",
	"utf8": "utf-8", "utf_8": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf-8mb4": "utf-8", "utf8mb4": "utf-8",
	"unicode-1-1-utf-7": "utf-7", "utf7": "utf-7",
	"ks_c_5601-1987": "euc-kr", "ks_c_5601": "euc-kr", "ksc5601": "euc-kr", "cp949": "euc-kr", "x-windows-949": "euc-kr",
	"gb2312": "gb18030", "gb_2312-80": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "x-gbk": "gb18030",
	"cp932": "shift_jis", "x-sjis": "shift_jis", "sjis": "shift_jis", "windows-31j": "shift_jis", "ms932": "shift_jis", "shift-jis": "shift_jis",
	"cp1250": "windows-1250", "cp1251": "windows-1251", "cp1253": "windows-1253", "cp1254": "windows-1254", "cp1256": "windows-1256",
	"iso-8859-9": "windows-1254", "iso-8859-11": "windows-874", "tis-620": "windows-874",
	"mac": "macintosh", "x-mac-roman": "macintosh", "macroman": "macintosh", "cp850": "ibm850", "cp-850": "ibm850", "cp437": "ibm437", "cp866": "ibm866",
	"iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "iso-8859-6-i": "iso-8859-6",
}

// canonicalCharset gives the decoder's name; "" means "guess".
func canonicalCharset(name string) string {
	name = strings.TrimPrefix(strings.ToLower(strings.Trim(name, " \t\r\n\"'<>;,")), "charset=")
	if i := strings.IndexByte(name, '*'); i >= 0 { // RFC 2231 §5: charset*language
		name = name[:i]
	}
	if len(name) > 60 || !token(name) {
		return ""
	}
	if to, ok := aliases[name]; ok {
		return to
	}
	return name
}

// DecodeText converts b from the named charset to UTF-8. It always answers: an
// unknown or wrong name is replaced by a guess (UTF-8, else windows-1252), what
// cannot be read becomes U+FFFD. A Latin label on text that is plainly UTF-8 is
// not believed: gateways write that often, and the reverse never happens by chance.
func DecodeText(name string, b []byte) string {
	cs := canonicalCharset(name)
	if bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")) {
		b, cs = b[3:], "utf-8"
	}
	switch cs {
	case "", "utf-8":
		return guessText(b, cs == "utf-8")
	case "windows-1252", "iso-8859-15":
		if utf8.Valid(b) {
			return string(b)
		}
	case "utf-7":
		return decodeUTF7(b)
	case "utf-16":
		return decodeUTF16(b)
	}
	if s, ok := convert(cs, b); ok {
		return s
	}
	return guessText(b, false)
}

// guessText reads bytes nobody named: UTF-8 when it is, else windows-1252. Text
// said to be UTF-8 keeps its good characters if they outnumber the bad bytes.
func guessText(b []byte, said bool) string {
	if utf8.Valid(b) {
		return string(b)
	}
	good, bad := 0, 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r != utf8.RuneError || n > 1:
			good++
		case good > 0 && !utf8.FullRune(b[i:]): // cut by a cap
			n = len(b) - i
		default:
			bad++
		}
		i += n
	}
	if bad == 0 || good > bad || said && good == bad && good > 0 {
		return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
	}
	if s, ok := convert("windows-1252", b); ok {
		return s
	}
	return string(bytes.ToValidUTF8(b, []byte("\uFFFD")))
}

func convert(cs string, b []byte) (string, bool) {
	r, err := charset.Reader(cs, bytes.NewReader(b))
	if err != nil {
		return "", false
	}
	out, err := io.ReadAll(r)
	if err != nil && len(out) == 0 && len(b) > 0 {
		return "", false
	}
	return strings.ToValidUTF8(string(out), "\uFFFD"), true
}

func decodeUTF16(b []byte) string {
	little := false
	if len(b) >= 2 && b[0] == 0xFF && b[1] == 0xFE {
		little, b = true, b[2:]
	} else if len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF {
		b = b[2:]
	} else {
		little = looksLittle(b)
	}
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		if little {
			units = append(units, uint16(b[0])|uint16(b[1])<<8)
		} else {
			units = append(units, uint16(b[1])|uint16(b[0])<<8)
		}
	}
	return string(utf16.Decode(units))
}

// looksLittle tells byte order from where the zero bytes of Latin text are.
func looksLittle(b []byte) bool {
	odd, even := 0, 0
	for i := 0; i+1 < len(b) && i < 512; i += 2 {
		if b[i] == 0 {
			even++
		}
		if b[i+1] == 0 {
			odd++
		}
	}
	return odd > even
}

// decodeUTF7 reads RFC 2152, which the decoder library does not.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	out.Grow(len(b))
	for i := 0; i < len(b); {
		c := b[i]
		i++
		if c != '+' {
			if c < utf8.RuneSelf {
				out.WriteByte(c)
			} else {
				out.WriteRune(utf8.RuneError)
			}
			continue
		}
		start := i
		for i < len(b) && isBase64(b[i]) {
			i++
		}
		run := b[start:i]
		if i < len(b) && b[i] == '-' {
			i++
			if len(run) == 0 {
				out.WriteByte('+')
			}
		}
		buf := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
		n, _ := base64.RawStdEncoding.Decode(buf, run)
		units := make([]uint16, 0, n/2)
		for j := 0; j+1 < n; j += 2 {
			units = append(units, uint16(buf[j])<<8|uint16(buf[j+1]))
		}
		out.WriteString(string(utf16.Decode(units)))
	}
	return out.String()
}

func isBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}
