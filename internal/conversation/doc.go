// Package conversation derives where an exchange with a patient stands from its
// letters alone: whose turn it is, whether the patient may still answer, what was
// closed, what only looks closed (ENS §7, ECO.2.2.8).
//
// An exchange is keyed by (our mailbox, patient address), never by thread or subject:
// a subject exactly [FIN] forbids answers to all earlier letters of the pair, while
// X-MSS-MES: FIN concerns its own letter. So another program's acts count, and the
// order in which letters were collected does not.
//
// Values only: it knows neither folders nor pages. Threats: a [FIN] quoted, forwarded
// or written by a patient taken for a closing, a closing missed, a patient's letter
// hidden behind a closed door.
package conversation
