// Package seal owns the cryptography of what rests on disk: authenticated
// encryption, message authentication codes and opaque ids, all from one ring of
// operator keys.
//
// A key never works alone: every purpose ("session.tokens", "audit.row", …) has
// a subkey of its own by HKDF-SHA-256, so a blob or a code made for one purpose
// is worthless for another. The key id travels in the blob: a new key is put in
// front, the old ones stay behind and still open what they sealed.
//
// It must not know who asks, what is sealed or where it is stored. Threats: a
// stolen disk or backup, a row pasted into another row (additional data), a
// mistyped or short key.
package seal

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// KeySize is the least number of bytes of a key.
const KeySize = 32

// Caps on what a secrets file may hold.
const (
	maxKeys   = 64
	maxKeyID  = 32
	maxSecret = 1024 // bytes of one key
	maxText   = 128 << 10
)

// ErrKeyring is beneath every error about the keys themselves.
var ErrKeyring = errors.New("keyring")

// Keyring holds the operator's keys. Its keys never change; it is safe for concurrent
// use. The zero value has no key: everything fails.
type Keyring struct {
	current string
	oldest  string
	keys    map[string][]byte

	subkeys, ciphers sync.Map // by derivation, made once
}

// NewKeyring makes a ring from key ids and keys of at least KeySize bytes; new
// blobs are sealed under current. The id that sorts first counts as the oldest
// (see Opaque): ids that start with a date keep that true.
func NewKeyring(current string, keys map[string][]byte) (*Keyring, error) {
	ids := slices.Sorted(maps.Keys(keys))
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: no key", ErrKeyring)
	}
	return newKeyring(current, ids[0], keys)
}

func newKeyring(current, oldest string, keys map[string][]byte) (*Keyring, error) {
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("%w: %d keys, at most %d", ErrKeyring, len(keys), maxKeys)
	}
	k := &Keyring{current: current, oldest: oldest, keys: make(map[string][]byte, len(keys))}
	for id, key := range keys {
		if !validID(id) {
			return nil, fmt.Errorf("%w: a key id is 1 to %d of a-z 0-9 . _ -", ErrKeyring, maxKeyID)
		}
		if len(key) < KeySize || len(key) > maxSecret {
			return nil, fmt.Errorf("%w: key %q has %d bytes, wants %d to %d", ErrKeyring, id, len(key), KeySize, maxSecret)
		}
		k.keys[id] = slices.Clone(key)
	}
	if _, ok := k.keys[current]; !ok {
		return nil, fmt.Errorf("%w: the current key %q is not in the ring", ErrKeyring, current)
	}
	return k, nil
}

// ParseKeyring reads a secrets file: one "id:base64" a line, the first is the
// current key and the last the oldest; blank lines and lines starting with "#"
// are skipped. No error ever repeats key material.
func ParseKeyring(text string) (*Keyring, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%w: %d bytes of text, at most %d", ErrKeyring, len(text), maxText)
	}
	var current, last string
	keys := map[string][]byte{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		id, encoded, ok := strings.Cut(line, ":")
		id = strings.TrimSpace(id)
		if !ok || !validID(id) {
			return nil, fmt.Errorf("%w: line %d is not id:base64", ErrKeyring, n)
		}
		key, err := decodeKey(strings.TrimSpace(encoded))
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: the key is not base64", ErrKeyring, n)
		}
		if _, twice := keys[id]; twice {
			return nil, fmt.Errorf("%w: line %d: key id %q is there twice", ErrKeyring, n, id)
		}
		if current == "" {
			current = id
		}
		last = id
		keys[id] = key
	}
	if current == "" {
		return nil, fmt.Errorf("%w: no key; make one with: printf 'k1:%%s\\n' \"$(head -c 32 /dev/urandom | base64)\"", ErrKeyring)
	}
	return newKeyring(current, last, keys)
}

// decodeKey takes base64 with or without padding, standard or URL alphabet:
// every common tool's output.
func decodeKey(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	if strings.ContainsAny(s, "-_") {
		return base64.RawURLEncoding.DecodeString(s)
	}
	return base64.RawStdEncoding.DecodeString(s)
}

// NewRandomKeyring makes a ring of one fresh key, for a world that ends with the
// process (demo, tests).
func NewRandomKeyring() *Keyring {
	key := make([]byte, KeySize)
	rand.Read(key) // never fails (crypto/rand)
	return &Keyring{current: "random", oldest: "random", keys: map[string][]byte{"random": key}}
}

// Current is the id new blobs and codes are made under.
func (k *Keyring) Current() string { return k.current }

func validID(id string) bool {
	if id == "" || len(id) > maxKeyID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
