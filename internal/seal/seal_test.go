package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, KeySize) }

func ring(t *testing.T, current string, keys map[string][]byte) *Keyring {
	t.Helper()
	k, err := NewKeyring(current, keys)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealOpen(t *testing.T) {
	t.Parallel()
	k := ring(t, "k1", map[string][]byte{"k1": key(1)})
	for _, plain := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("lettre"), 10_000)} {
		blob, err := k.Seal("tokens", plain, []byte("session 1"))
		if err != nil {
			t.Fatal(err)
		}
		if len(blob) > len(plain)+Overhead {
			t.Errorf("overhead of %d bytes, at most %d", len(blob)-len(plain), Overhead)
		}
		if len(plain) > 1 && bytes.Contains(blob, plain[:2]) && bytes.Contains(blob, plain[:6]) {
			t.Error("the plaintext shows")
		}
		got, err := k.Open("tokens", blob, []byte("session 1"))
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
		again, _ := k.Seal("tokens", plain, []byte("session 1"))
		if bytes.Equal(blob, again) {
			t.Error("two seals of the same text are equal: the nonce repeats")
		}
	}
}

// TestOpenRefuses: each line is one thing that binds a blob to its place.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	k := ring(t, "k1", map[string][]byte{"k1": key(1), "k2": key(2)})
	blob, err := k.Seal("tokens", []byte("secret"), []byte("row 1"))
	if err != nil {
		t.Fatal(err)
	}
	other := ring(t, "k1", map[string][]byte{"k1": key(9)})
	none := ring(t, "k7", map[string][]byte{"k7": key(1)})
	relabel := bytes.Replace(blob, []byte("k1"), []byte("k2"), 1)
	for _, c := range []struct {
		name         string
		ring         *Keyring
		purpose, aad string
		blob         []byte
		want         error
	}{
		{"another purpose", k, "audit", "row 1", blob, ErrTampered},
		{"another row", k, "tokens", "row 2", blob, ErrTampered},
		{"another key of the same id", other, "tokens", "row 1", blob, ErrTampered},
		{"a key that left the ring", none, "tokens", "row 1", blob, ErrUnknownKey},
		{"another key id written in", k, "tokens", "row 1", relabel, ErrTampered},
		{"empty", k, "tokens", "row 1", nil, ErrTampered},
		{"one byte", k, "tokens", "row 1", blob[:1], ErrTampered},
		{"cut", k, "tokens", "row 1", blob[:len(blob)-1], ErrTampered},
		{"grown", k, "tokens", "row 1", append(bytes.Clone(blob), 0), ErrTampered},
		{"another version", k, "tokens", "row 1", append([]byte{2}, blob[1:]...), ErrTampered},
		{"a length past the end", k, "tokens", "row 1", []byte{1, 255, 'k'}, ErrTampered},
	} {
		if got, err := c.ring.Open(c.purpose, c.blob, []byte(c.aad)); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: got %q, %v, want %v", c.name, got, err, c.want)
		}
	}
	twins := ring(t, "k1", map[string][]byte{"k1": key(1), "k2": key(1)}) // an operator copied a line
	if _, err := twins.Open("tokens", relabel, []byte("row 1")); !errors.Is(err, ErrTampered) {
		t.Errorf("the key id is not bound: %v", err)
	}
	for i := range blob {
		bad := bytes.Clone(blob)
		bad[i] ^= 1
		if _, err := k.Open("tokens", bad, []byte("row 1")); err == nil {
			t.Errorf("bit flipped in byte %d: opens", i)
		}
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	before := ring(t, "2026a", map[string][]byte{"2026a": key(1)})
	after := ring(t, "2026b", map[string][]byte{"2026a": key(1), "2026b": key(2)})
	blob, err := before.Seal("p", []byte("old"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := after.Open("p", blob, nil); err != nil || string(got) != "old" {
		t.Errorf("old blob after rotation: %q, %v", got, err)
	}
	blob, err = after.Seal("p", []byte("new"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.Open("p", blob, nil); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("new blob with the old ring: %v", err)
	}
	if before.Opaque("box", "a") != after.Opaque("box", "a") {
		t.Error("links die at a rotation")
	}
	if bytes.Equal(before.MAC("p", nil), after.MAC("p", nil)) {
		t.Error("the current key does not make the MAC")
	}
	if mac, err := after.MACWith("2026a", "p", []byte("x")); err != nil || !bytes.Equal(mac, before.MAC("p", []byte("x"))) {
		t.Errorf("a MAC from before cannot be checked: %v", err)
	}
	if _, err := before.MACWith("2026b", "p"); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("MAC under an unknown key: %v", err)
	}
}

func TestMACSeparatesFieldsAndPurposes(t *testing.T) {
	t.Parallel()
	k := NewRandomKeyring()
	mac := func(purpose string, f ...string) string {
		var d [][]byte
		for _, s := range f {
			d = append(d, []byte(s))
		}
		return string(k.MAC(purpose, d...))
	}
	seen := map[string]string{}
	for _, c := range []struct {
		name, mac string
	}{
		{"ab,c", mac("p", "ab", "c")}, {"a,bc", mac("p", "a", "bc")}, {"abc", mac("p", "abc")}, {"abc,", mac("p", "abc", "")},
		{"", mac("p")}, {"empty field", mac("p", "")}, {"q", mac("q", "abc")},
	} {
		if other, twice := seen[c.mac]; twice {
			t.Errorf("%q and %q have the same MAC", c.name, other)
		}
		seen[c.mac] = c.name
	}
	if id := k.Opaque("box", "a", "b"); len(id) != 20 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Errorf("opaque id %q", id)
	}
	if k.Opaque("box", "ab") == k.Opaque("box", "a", "b") || k.Opaque("box", "a") == k.Opaque("folder", "a") {
		t.Error("opaque ids collide")
	}
}

func TestNewKeyringRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		current string
		keys    map[string][]byte
	}{
		"no key":           {"k", nil},
		"current not held": {"k", map[string][]byte{"l": key(1)}},
		"short":            {"k", map[string][]byte{"k": key(1)[:KeySize-1]}},
		"odd id":           {"K 1", map[string][]byte{"K 1": key(1)}},
		"empty id":         {"", map[string][]byte{"": key(1)}},
	} {
		if _, err := NewKeyring(c.current, c.keys); !errors.Is(err, ErrKeyring) {
			t.Errorf("%s: %v", name, err)
		}
	}
	keys := map[string][]byte{"k": key(1)}
	k := ring(t, "k", keys)
	blob, _ := k.Seal("p", []byte("x"), nil)
	keys["k"][0] ^= 1 // the caller's slice is not ours
	if _, err := k.Open("p", blob, nil); err != nil {
		t.Error("the ring shares memory with its caller")
	}
}

func TestParseKeyring(t *testing.T) {
	t.Parallel()
	b64 := base64.StdEncoding.EncodeToString
	good := "# keys\n\nnew: " + b64(key(2)) + "\r\nold:" + base64.RawURLEncoding.EncodeToString(key(0xfb)) + "\n"
	k, err := ParseKeyring(good)
	if err != nil {
		t.Fatal(err)
	}
	if k.Current() != "new" || k.oldest != "old" {
		t.Errorf("current %q, oldest %q", k.Current(), k.oldest)
	}
	secret := b64(key(3))
	for name, text := range map[string]string{
		"empty":         "",
		"comments only": "# nothing\n",
		"no colon":      secret,
		"no id":         ":" + secret,
		"not base64":    "k:" + secret[:20] + "é",
		"short":         "k:" + secret[:20],
		"twice":         "k:" + secret + "\nk:" + secret,
		"too long":      "k:" + strings.Repeat("A", maxText),
	} {
		_, err := ParseKeyring(text)
		if !errors.Is(err, ErrKeyring) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), secret[:12]) {
			t.Errorf("%s: the error repeats key material: %v", name, err)
		}
	}
}

func FuzzParseKeyring(f *testing.F) {
	f.Add("k1:" + base64.StdEncoding.EncodeToString(key(1)))
	f.Add("b:" + base64.StdEncoding.EncodeToString(key(1)) + "\na:" + base64.RawURLEncoding.EncodeToString(key(0xff)))
	f.Add("# c\n:\n\x00:=\nk::")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseKeyring(text)
		if err != nil {
			if k != nil || !errors.Is(err, ErrKeyring) {
				t.Fatalf("%v, %v", k, err)
			}
			return
		}
		// What parses works, current and oldest key alike.
		blob, err := k.Seal("fuzz", []byte("x"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Open("fuzz", blob, nil); err != nil {
			t.Fatal(err)
		}
		if len(k.Opaque("fuzz", text)) != 20 {
			t.Fatal("opaque id")
		}
	})
}
