package people

import (
	"fmt"

	"pli.example/pli/internal/mssante"
)

// rpps completes ten digits with their Luhn key: RPPS numbers of the cast are
// written without it, so that nobody has to trust a hand-made digit.
func rpps(ten string) mssante.RPPS {
	for key := range 10 {
		r := mssante.RPPS(fmt.Sprintf("%s%d", ten, key))
		if r.CheckDigitOK() {
			return r
		}
	}
	panic("people: not ten digits: " + ten)
}

// national is the national id Pro Santé Connect gives: "8" and the RPPS.
func national(ten string) mssante.NationalID {
	return mssante.NationalID("8" + string(rpps(ten)))
}

// ins completes thirteen characters with their key, 97 − (n mod 97).
func ins(thirteen string) mssante.INS {
	for key := 1; key <= 97; key++ {
		i, err := mssante.ParseINS(fmt.Sprintf("%s%02d", thirteen, key))
		if err != nil {
			panic("people: not an INS: " + thirteen)
		}
		if i.KeyOK() {
			return i
		}
	}
	panic("people: no key for " + thirteen)
}

// address reads an address written in this package.
func address(s string) mssante.Address {
	a, err := mssante.ParseAddress(s)
	if err != nil {
		panic("people: " + s + ": " + err.Error())
	}
	return a
}
