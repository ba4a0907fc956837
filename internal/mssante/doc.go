// Package mssante is the vocabulary of the MSSanté trusted space: addresses,
// kinds of mailbox, national identifiers, the INS of a patient, practitioners
// and the person acting now. Values only: no I/O, no clock, no other room.
//
// Glossary (English in code, French on the page):
//
//	Address       adresse MSSanté             Mailbox   boîte aux lettres (BAL)
//	Practitioner  professionnel               Situation situation d'exercice
//	NationalID    identifiant national (PP)   RPPS      numéro RPPS (11 chiffres)
//	INS           identité nationale de santé Patient   usager de Mon espace santé
//	Letter        lettre, message             Grant     habilitation, délégation
//	Trail         journal, traces             WhiteList liste blanche des domaines
//
// Sources: référentiel socle MSSanté #2 (ids ECO.*), TRE_G15/R38/R85/R09.
package mssante
