// Package metrics counts, and writes what it counted in Prometheus' text format
// (exposition format 0.0.4). A page of code instead of a library: Pli needs counters,
// gauges read when asked, and histograms.
//
// A label takes only the values it was declared with; any other is written "other".
// So a mailbox, a person or a subject can never become a label, nor make the number
// of series grow. It does no I/O and knows no room: rooms expose figures, app gathers.
package metrics
