package demo

// Service is the state of one stand-in.
type Service struct {
	Name    string
	Label   string // French
	Running bool
}

// Status tells which stand-ins answer.
func (w *World) Status() []Service {
	return []Service{
		{ServicePSC, "Pro Santé Connect", !w.pscDown.Load()},
		{ServiceIMAP, "Serveur de lecture (IMAP)", w.mail.Running(ServiceIMAP)},
		{ServiceSMTP, "Serveur d’envoi (SMTP)", w.mail.Running(ServiceSMTP)},
		{ServiceSieve, "Serveur des règles (ManageSieve)", w.mail.Running(ServiceSieve)},
		{ServiceAnnuaire, "Annuaire Santé et liste blanche", w.annuaire.Running()},
	}
}

// Stop makes a stand-in fail as a dead server does. It reports whether the name is
// one of Status.
func (w *World) Stop(name string) bool { return w.set(name, false) }

// Start brings a stand-in back as it was.
func (w *World) Start(name string) bool { return w.set(name, true) }

func (w *World) set(name string, up bool) bool {
	switch name {
	case ServicePSC:
		w.pscDown.Store(!up)
		choose(up, w.idp.Start, w.idp.Stop)()
	case ServiceAnnuaire:
		choose(up, w.annuaire.Start, w.annuaire.Stop)()
	case ServiceIMAP, ServiceSMTP, ServiceSieve:
		return choose(up, w.mail.Start, w.mail.Stop)(name)
	default:
		return false
	}
	return true
}

func choose[F any](first bool, a, b F) F {
	if first {
		return a
	}
	return b
}

// Close ends the mail servers.
func (w *World) Close() error { return w.mail.Close() }
