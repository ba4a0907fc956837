package mailhost

import "testing"

// Every line end is a CRLF, once; a CR alone stays as it is.
func TestCRLF(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "a": "a", "\n": "\r\n", "\r\n": "\r\n", "a\nb": "a\r\nb", "a\r\nb\r\n": "a\r\nb\r\n", "\n\n": "\r\n\r\n",
		"a\r\nb\nc\r\n\nd": "a\r\nb\r\nc\r\n\r\nd", "a\rb\n": "a\rb\r\n", "\r\r\n\n": "\r\r\n\r\n", "\nx": "\r\nx",
	} {
		if got := string(crlf([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
