// Package annuaire stands in for the national directory and the white list, in
// their real shapes: the open extraction as a ZIP of 31 columns, single records and
// searches of the FHIR API v2 behind an API key, the signed list of domains.
//
// It owns the fictional colleagues around Tours that make the directory more than
// the cast. It must not know Pli: it serves whoever asks, by HTTP, and can be
// stopped. Nothing in it is anybody's real record.
package annuaire
