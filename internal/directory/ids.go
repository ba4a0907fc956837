package directory

import (
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// opaque makes the ids of persons and structures. A row keeps the first 63 bits of
// the id, so that a page is found by it.
type opaque struct {
	make func(purpose string, parts ...string) string
}

const (
	purposePerson    = "directory.person"
	purposeStructure = "directory.structure"
	idLength         = 20
)

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func (o opaque) person(nationalID string) string {
	if nationalID == "" {
		return ""
	}
	return o.make(purposePerson, strings.ToUpper(nationalID))
}

func (o opaque) structure(key string) string {
	if key == "" {
		return ""
	}
	return o.make(purposeStructure, key)
}

func (o opaque) personRef(nationalID string) int64 { return refOf(o.person(nationalID)) }
func (o opaque) structureRef(key string) int64     { return refOf(o.structure(key)) }

// refOf is 0 for what is no id.
func refOf(id string) int64 {
	if len(id) != idLength {
		return 0
	}
	b, err := base32Lower.DecodeString(id)
	if err != nil || len(b) < 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b) >> 1)
}
