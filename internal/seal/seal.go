package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Errors of Open and MACWith, to be told apart by an operator: a wrong ring is
// repaired by putting a key back, a tampered blob is not.
var (
	ErrUnknownKey = errors.New("sealed under a key that is not in the ring")
	ErrTampered   = errors.New("sealed blob does not open: altered, or made for something else")
)

// A blob is: version 1 | length of key id | key id | nonce | ciphertext and tag.
// Everything before the nonce is authenticated with the caller's aad.
const (
	blobVersion = 1
	nonceSize   = 12
	tagSize     = 16
)

// Overhead is the most bytes a blob is longer than its plaintext.
const Overhead = 2 + maxKeyID + nonceSize + tagSize

// Seal encrypts plaintext by AES-256-GCM under the current key's subkey for
// purpose. aad is bound, not stored: give what identifies the row, so that a
// blob pasted elsewhere does not open.
//
// The nonce is random: one key seals up to 2^32 blobs a purpose safely (NIST SP
// 800-38D §8.3); rotate well before.
func (k *Keyring) Seal(purpose string, plaintext, aad []byte) ([]byte, error) {
	aead, err := k.aead(k.current, purpose)
	if err != nil {
		return nil, err
	}
	head := append([]byte{blobVersion, byte(len(k.current))}, k.current...)
	blob := slices.Grow(slices.Clone(head), nonceSize+len(plaintext)+tagSize)
	blob = blob[:len(head)+nonceSize]
	nonce := blob[len(head):]
	rand.Read(nonce)
	return aead.Seal(blob, nonce, plaintext, bind(head, aad)), nil
}

// Open undoes Seal under whichever key of the ring the blob names.
func (k *Keyring) Open(purpose string, blob, aad []byte) ([]byte, error) {
	return k.OpenInto(nil, purpose, blob, aad)
}

// OpenInto is Open, appending to dst: for what comes in many pieces. dst must not
// share memory with blob.
func (k *Keyring) OpenInto(dst []byte, purpose string, blob, aad []byte) ([]byte, error) {
	if len(blob) < 2 || blob[0] != blobVersion {
		return nil, ErrTampered
	}
	end := 2 + int(blob[1])
	if len(blob) < end+nonceSize+tagSize {
		return nil, ErrTampered
	}
	id := string(blob[2:end])
	aead, err := k.aead(id, purpose)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(dst, blob[end:end+nonceSize], blob[end+nonceSize:], bind(blob[:end], aad))
	if err != nil {
		return nil, ErrTampered
	}
	return plain, nil
}

// MAC is HMAC-SHA-256 under the current key's subkey for purpose. Fields are
// length-prefixed: ("ab","c") and ("a","bc") differ. It changes when the current
// key does: keep Current beside what is stored, and check with MACWith.
func (k *Keyring) MAC(purpose string, data ...[]byte) []byte {
	mac, err := k.MACWith(k.current, purpose, data...)
	if err != nil {
		panic("seal: MAC on an empty keyring") // programmer error: the constructors refuse one
	}
	return mac
}

// MACWith is MAC under a named key, to check a code made before a rotation.
func (k *Keyring) MACWith(id, purpose string, data ...[]byte) ([]byte, error) {
	key, err := k.subkey(id, "mac", purpose)
	if err != nil {
		return nil, err
	}
	return sum(key, data...), nil
}

// Opaque turns parts into a stable 20-character lower-case id for a URL, which
// says nothing of them (100 bits of HMAC). It is made under the oldest key, so
// links outlive a rotation; dropping that key from the ring changes them all.
func (k *Keyring) Opaque(purpose string, parts ...string) string {
	key, err := k.subkey(k.oldest, "opaque", purpose)
	if err != nil {
		panic("seal: Opaque on an empty keyring")
	}
	data := make([][]byte, len(parts))
	for i, p := range parts {
		data[i] = []byte(p)
	}
	return base32Lower.EncodeToString(sum(key, data...))[:20]
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func sum(key []byte, data ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	var n [8]byte
	for _, d := range data {
		binary.BigEndian.PutUint64(n[:], uint64(len(d)))
		h.Write(n[:])
		h.Write(d)
	}
	return h.Sum(nil)
}

// bind joins the blob's head and the caller's aad; the head carries its own
// length, so the two cannot be shifted against each other.
func bind(head, aad []byte) []byte {
	return append(slices.Clone(head), aad...)
}

func (k *Keyring) aead(id, purpose string) (cipher.AEAD, error) {
	at := derivation{id, "aead", purpose}
	if made, ok := k.ciphers.Load(at); ok {
		return made.(cipher.AEAD), nil
	}
	key, err := k.subkey(id, "aead", purpose)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err == nil {
		k.ciphers.Store(at, aead)
	}
	return aead, err
}

// derivation names a subkey. Purposes are constants of the rooms: what is kept of
// them stays small.
type derivation struct{ id, use, purpose string }

// subkey derives 32 bytes for one use ("aead", "mac", "opaque") and purpose. The
// caller does not write into them.
func (k *Keyring) subkey(id, use, purpose string) ([]byte, error) {
	at := derivation{id, use, purpose}
	if made, ok := k.subkeys.Load(at); ok {
		return made.([]byte), nil
	}
	key, ok := k.keys[id]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownKey, id)
	}
	sub, err := hkdf.Key(sha256.New, key, nil, "pli/1/"+use+"/"+purpose, 32)
	if err == nil {
		k.subkeys.Store(at, sub)
	}
	return sub, err
}
