// Package finding is the vocabulary of "pli check": what was looked at, whether it is
// right, in one French sentence, and what to do when it is not.
//
// Each room looks at its own server or file and returns a List; app asks them in
// order. The codes (imap.chain …) are stable: monitoring reads them. A sentence may
// name hosts, files, sizes and dates; never a secret, a token or a letter.
//
// It also knows what every room would otherwise explain in its own words: why a
// connection failed, and what is wrong with a certificate. It does no I/O.
package finding
