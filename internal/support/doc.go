// Package support owns what support staff may see and do: accounts, their mailboxes
// and grants, live sessions, deliveries, the freshness of the white list and of the
// directory, the background loops, and the trail.
//
// It cannot reach mail: it imports neither mailbox nor outgoing nor the mail server,
// and no value of its own has a field for a subject, a body, a file name, a patient or
// a patient's address (a recipient who is a patient is "patient", and nothing else).
//
// Every act is in the trail under the agent's own name before its answer leaves; what
// they typed is sealed there. Threats: a curious agent, an agent's stolen session, an
// export opened by a spreadsheet, a report from outside that smuggles words in a code.
package support
