package trust

import (
	"strings"
	"unicode"

	"pli.example/pli/internal/mssante"
)

// domain reads a name of the list as mssante.Domain writes one: lower case, and a
// name with accents as the A-labels an address has it in (RFC 5890). What is no
// domain name is left out: it could match no address.
func domain(s string) (mssante.Domain, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	labels := strings.Split(s, ".")
	for i, label := range labels {
		a, ok := aLabel(label)
		if !ok {
			return "", false
		}
		labels[i] = a
	}
	d, err := mssante.ParseDomain(strings.Join(labels, "."))
	return d, err == nil
}

// aLabel gives a label beyond ASCII its form on the wire. Only letters and digits
// in their composed form are taken: without the whole mapping of UTS 46, any other
// spelling is refused rather than guessed.
func aLabel(label string) (string, bool) {
	ascii := true
	for _, c := range label {
		if c < 0x80 {
			continue
		}
		ascii = false
		if c == unicode.ReplacementChar || !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return "", false
		}
	}
	if ascii {
		return label, true
	}
	if len(label) > 63*4 || strings.HasPrefix(label, "xn--") {
		return "", false
	}
	return "xn--" + punycode([]rune(label)), true
}

// Parameters of RFC 3492 §5.
const (
	base, tMin, tMax = 36, 1, 26
	skew, damp       = 38, 700
	initialBias      = 72
	initialN         = 128
)

// punycode is the encoding of RFC 3492 §6.3. A label is at most 252 characters, so
// nothing overflows.
func punycode(label []rune) string {
	var out []byte
	for _, c := range label {
		if c < 0x80 {
			out = append(out, byte(c))
		}
	}
	basic := len(out)
	done := basic
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(initialN), 0, initialBias
	for done < len(label) {
		next := rune(unicode.MaxRune)
		for _, c := range label {
			if c >= n && c < next {
				next = c
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, c := range label {
			if c < n {
				delta++
			}
			if c != n {
				continue
			}
			out = variable(out, delta, bias)
			bias = adapt(delta, done+1, done == basic)
			delta = 0
			done++
		}
		delta++
		n++
	}
	return string(out)
}

// variable writes a generalised variable-length integer (RFC 3492 §3.3).
func variable(out []byte, q, bias int) []byte {
	for k := base; ; k += base {
		t := min(max(k-bias, tMin), tMax)
		if q < t {
			return append(out, digit(q))
		}
		out = append(out, digit(t+(q-t)%(base-t)))
		q = (q - t) / (base - t)
	}
}

func digit(d int) byte {
	if d < 26 {
		return byte('a' + d)
	}
	return byte('0' + d - 26)
}

// adapt is RFC 3492 §6.1.
func adapt(delta, points int, first bool) int {
	if first {
		delta /= damp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > (base-tMin)*tMax/2; k += base {
		delta /= base - tMin
	}
	return k + (base-tMin+1)*delta/(delta+skew)
}
